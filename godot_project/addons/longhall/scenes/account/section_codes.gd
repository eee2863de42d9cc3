extends "account_section.gd"
## Tells how many recovery codes are left, and makes new ones.

const _MOST_CODE_CHARS: int = 64

var _left := Parts.sentence()
var _password := Parts.field("Password", true)
var _code := Parts.field("Code from your app", false, _MOST_CODE_CHARS)


func _init() -> void:
	super("Recovery codes")


func _fill() -> void:
	_left.auto_translate_mode = Node.AUTO_TRANSLATE_MODE_DISABLED
	_left.name = "Label_Left"
	_password.name = "LineEdit_Password"
	_code.name = "LineEdit_Code"
	for part: Control in [_left, _password, _code]:
		add_child(part)
	add_child(_add_button(Parts.button("Make new codes"), "Button_Renew", _renew))


func show_account(codes_left: int, has_second_factor: bool) -> void:
	_left.text = (
		tr("You have none: who forgets the password cannot come back.")
		if codes_left == 0
		else tr_n("%d code is left.", "%d codes are left.", codes_left) % codes_left
	)
	_code.visible = has_second_factor


func _forget() -> void:
	Parts.empty([_password, _code])


func _renew() -> void:
	if not _password.text.is_empty():
		_ask(&"renew_recovery_codes", [_password.text, _code.text], _on_renewed)


# The codes themselves are the screen's to show.
func _on_renewed(_request: NetworkRequest) -> void:
	_forget()
	Parts.say(status, tr("The codes from before work no more"), false)
