extends "account_section.gd"
## Makes an account of a guest, who keeps everything.

const _MOST_INVITE_CHARS: int = 64

var _name := Parts.field("Another name, if you like", false, 20)
var _password := Parts.field("Password", true)
var _again := Parts.field("The password once more", true)
var _invite := Parts.field("Invite code", false, _MOST_INVITE_CHARS)
var _waits_for_account: bool = false


func _init() -> void:
	super("Keep this account")


## [param mode] is [member NetworkClient.registration_mode].
func show_registration(mode: String) -> void:
	_invite.visible = mode == "invite"


func show_guest(is_guest: bool) -> void:
	if _waits_for_account and not is_guest:
		_waits_for_account = false
		asked.emit(&"renew_recovery_codes", [_password.text, ""], Callable())
	visible = is_guest


func _fill() -> void:
	_name.name = "LineEdit_Name"
	_password.name = "LineEdit_Password"
	_again.name = "LineEdit_Again"
	_invite.name = "LineEdit_Invite"
	add_child(
		Parts.sentence(
			"You are a guest: who logs out is forgotten. With a password the name stays yours"
		)
	)
	for field: LineEdit in [_name, _password, _again, _invite]:
		add_child(field)
	_again.text_submitted.connect(func(_text: String) -> void: _keep())
	add_child(_add_button(Parts.button("Keep this account"), "Button_Keep", _keep))
	show_registration("open")


func _forget() -> void:
	Parts.empty([_name, _password, _again, _invite])


func _keep() -> void:
	if _password.text.is_empty():
		return
	if _password.text != _again.text:
		Parts.say(status, tr("The two passwords are not the same"))
		return
	var new_name: String = NetworkClient.trimmed_name(_name.text)
	_ask(&"upgrade_guest", [new_name, _password.text, _invite.text.strip_edges()], _on_kept)


# The connection is opened anew now, and the account is there with it.
func _on_kept(_request: NetworkRequest) -> void:
	_waits_for_account = true
	Parts.say(status, tr("The account is yours"), false)
