extends "account_section.gd"
## Gives the account another name.

const _MOST_CODE_CHARS: int = 64

var _name := Parts.field("New name", false, 20)
var _password := Parts.field("Present password", true)
var _code := Parts.field("Code from your app", false, _MOST_CODE_CHARS)


func _init() -> void:
	super("Name")


func _fill() -> void:
	_name.name = "LineEdit_Name"
	_password.name = "LineEdit_Password"
	_code.name = "LineEdit_Code"
	add_child(Parts.sentence("Everybody who is online is told. It goes once in a while only"))
	for field: LineEdit in [_name, _password, _code]:
		add_child(field)
	for field: LineEdit in [_password, _code]:
		field.text_submitted.connect(func(_text: String) -> void: _rename())
	add_child(_add_button(Parts.button("Change the name"), "Button_Rename", _rename))


func show_account(_codes_left: int, has_second_factor: bool) -> void:
	_code.visible = has_second_factor


func _forget() -> void:
	Parts.empty([_name, _password, _code])


func _rename() -> void:
	var new_name: String = NetworkClient.trimmed_name(_name.text)
	if new_name.is_empty() or _password.text.is_empty():
		return
	var arguments: Array = [_password.text, new_name, _code.text]
	_ask(&"rename_account", arguments, _on_renamed.bind(new_name))


func _on_renamed(_request: NetworkRequest, new_name: String) -> void:
	_forget()
	Parts.say(status, tr("Your name is %s now") % new_name, false)
