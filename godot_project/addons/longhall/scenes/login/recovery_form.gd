extends "res://addons/longhall/scenes/longhall_card.gd"
## Sets a new password for a player who has lost the old one, by a recovery code.

## The player wants a new password.
signal recover_requested(username: String, code: String, new_password: String)

const _WHY: String = (
	"Type one of the recovery codes that you got with your account, or a code from whoever "
	+ "runs the server."
)
const _MOST_CODE_CHARS: int = 64

## The new password, while the answer to it is awaited.
var asked_password: String = ""

var _name := Parts.field("Username", false, 20)
var _code := Parts.field("Recovery code", false, _MOST_CODE_CHARS)
var _password := Parts.field("New password", true)
var _again := Parts.field("New password once more", true)
var _status := Parts.status()
var _submit := Parts.button("Set the password", &"PrimaryButton")


func _init() -> void:
	super()
	content.add_child(Parts.sentence(_WHY))
	var fields: Array[LineEdit] = [_name, _code, _password, _again]
	var names: Array[String] = ["Name", "Code", "NewPassword", "Again"]
	for i: int in fields.size():
		fields[i].name = "LineEdit_" + names[i]
		fields[i].text_submitted.connect(_on_field_submitted.bind(i))
		content.add_child(fields[i])
	_submit.name = "Button_Recover"
	_submit.pressed.connect(_ask)
	content.add_child(_status)
	content.add_child(_submit)
	closed.connect(_forget)


## Opens the form for [param username], as far as it is known.
func open(username: String) -> void:
	_forget()
	_name.text = username
	show_card("Set a new password")
	if username.is_empty():
		_name.edit()
	else:
		_code.edit()


## Says why nothing came of it, and lets the player try again.
func show_denied(text: String) -> void:
	_submit.disabled = false
	asked_password = ""
	Parts.say(_status, text)


func _forget() -> void:
	_submit.disabled = false
	asked_password = ""
	Parts.empty([_code, _password, _again])
	Parts.say(_status, "")


func _ask() -> void:
	if _submit.disabled:
		return
	var empty_field: LineEdit = null
	for field: LineEdit in [_again, _password, _code, _name]:
		if field.text.strip_edges().is_empty():
			empty_field = field
	if empty_field != null:
		empty_field.edit()
		return
	if _password.text != _again.text:
		Parts.say(_status, tr("The two passwords are not the same"))
		_again.edit()
		return
	Parts.say(_status, "")
	_submit.disabled = true
	asked_password = _password.text
	recover_requested.emit(
		NetworkClient.trimmed_name(_name.text), _code.text.strip_edges(), _password.text
	)


func _on_field_submitted(_text: String, at: int) -> void:
	var fields: Array[LineEdit] = [_name, _code, _password, _again]
	if at + 1 < fields.size():
		fields[at + 1].edit()
	else:
		_ask()
