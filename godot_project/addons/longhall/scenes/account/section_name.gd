extends "account_section.gd"
## Gives the account another name.

var _name := Parts.field("New name", false, 20)
var _password := Parts.field("Present password", true)


func _init() -> void:
	super("Name")


func _fill() -> void:
	_name.name = "LineEdit_Name"
	_password.name = "LineEdit_Password"
	add_child(Parts.sentence("Everybody who is online is told. It goes once in a while only"))
	for field: LineEdit in [_name, _password]:
		add_child(field)
	_password.text_submitted.connect(func(_text: String) -> void: _rename())
	add_child(_add_button(Parts.button("Change the name"), "Button_Rename", _rename))


func _forget() -> void:
	Parts.empty([_name, _password])


func _rename() -> void:
	var new_name: String = NetworkClient.trimmed_name(_name.text)
	if new_name.is_empty() or _password.text.is_empty():
		return
	_ask(&"rename_account", [_password.text, new_name], _on_renamed.bind(new_name))


func _on_renamed(_request: NetworkRequest, new_name: String) -> void:
	_forget()
	Parts.say(status, tr("Your name is %s now") % new_name, false)
