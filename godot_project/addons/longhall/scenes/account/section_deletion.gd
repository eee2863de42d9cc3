extends "account_section.gd"
## Deletes the account, or keeps one that is to be deleted.

const _MOST_CODE_CHARS: int = 64

var _has_second_factor: bool = false
var _told := Parts.sentence()
var _password := Parts.field("Present password", true)
var _code := Parts.field("Code from your app", false, _MOST_CODE_CHARS)
var _sure := Parts.check("I mean it")
var _delete := Parts.button("Delete my account")
var _keep := Parts.button("Keep my account")


func _init() -> void:
	super("Delete account")


func show_account(_codes_left: int, has_second_factor: bool) -> void:
	_has_second_factor = has_second_factor
	_code.visible = has_second_factor and _password.visible


## [param deleted_at_ms] is [member NetworkClient.deletion_at_ms].
func show_deletion(deleted_at_ms: int) -> void:
	var is_leaving: bool = deleted_at_ms > 0
	var words: String = tr("You are logged out everywhere. For a while a login brings you back")
	if is_leaving:
		words = tr("Your account will be deleted on %s") % LonghallText.of_time(deleted_at_ms)
	_told.text = words
	_keep.visible = is_leaving
	for part: Control in [_password, _sure, _delete]:
		part.visible = not is_leaving
	_code.visible = _has_second_factor and not is_leaving


func _fill() -> void:
	_password.name = "LineEdit_Password"
	_code.name = "LineEdit_Code"
	_sure.name = "CheckBox_Sure"
	for part: Control in [_told, _password, _code, _sure]:
		add_child(part)
	add_child(_add_button(_delete, "Button_Delete", _ask_to_delete))
	add_child(_add_button(_keep, "Button_Keep", _ask_to_keep))
	show_deletion(0)


func _forget() -> void:
	Parts.empty([_password, _code])
	_sure.button_pressed = false


func _ask_to_delete() -> void:
	if not _sure.button_pressed:
		Parts.say(status, tr("Tick that you mean it"))
	elif not _password.text.is_empty():
		_ask(&"delete_account", [_password.text, _code.text], _on_deleted)


func _on_deleted(_request: NetworkRequest) -> void:
	_forget()


func _ask_to_keep() -> void:
	_ask(&"keep_account", [], _on_kept)


func _on_kept(_request: NetworkRequest) -> void:
	show_deletion(0)
	Parts.say(status, tr("Your account stays"), false)
