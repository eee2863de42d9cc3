extends "account_section.gd"
## Changes the password.

var _old := Parts.field("Present password", true)
var _new := Parts.field("New password", true)
var _again := Parts.field("New password once more", true)


func _init() -> void:
	super("Password")


func _fill() -> void:
	_old.name = "LineEdit_Old"
	_new.name = "LineEdit_New"
	_again.name = "LineEdit_Again"
	for field: LineEdit in [_old, _new, _again]:
		add_child(field)
	_again.text_submitted.connect(func(_text: String) -> void: _change())
	add_child(_add_button(Parts.button("Change the password"), "Button_Change", _change))


func _forget() -> void:
	Parts.empty([_old, _new, _again])


func _change() -> void:
	if _old.text.is_empty() or _new.text.is_empty():
		return
	if _new.text != _again.text:
		Parts.say(status, tr("The two passwords are not the same"))
		return
	_ask(&"change_password", [_old.text, _new.text], _on_changed)


func _on_changed(_request: NetworkRequest) -> void:
	_forget()
	Parts.say(status, tr("Changed. All other devices are logged out"), false)
