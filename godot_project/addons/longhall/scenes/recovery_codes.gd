extends "res://addons/longhall/scenes/longhall_card.gd"
## Shows recovery codes, which nobody sees again. It goes only when the player says that
## they are kept.

## The player has them.
signal kept

const _WHY: String = (
	"There is no e-mail to fall back on. Each of these codes sets a new password once, if you "
	+ "forget yours. You see them only now: copy them, or save them to a file."
)
const _FILE: String = "recovery-codes.txt"
const _COLUMNS: int = 2
const _CODE_FONT_SIZE: int = 14

var _codes: PackedStringArray = []
var _username: String = ""
var _grid := GridContainer.new()
var _status := Parts.status()
var _copy := Parts.button("Copy")
var _save := Parts.button("Save…")
var _kept := Parts.button("I have kept them", &"PrimaryButton")
var _dialog := FileDialog.new()


func _init() -> void:
	super()
	can_close = false
	_grid.columns = _COLUMNS
	_grid.add_theme_constant_override("h_separation", 16)
	_copy.pressed.connect(_on_copy_pressed)
	_save.pressed.connect(_on_save_pressed)
	_kept.pressed.connect(_on_kept_pressed)
	_copy.name = "Button_Copy"
	_save.name = "Button_Save"
	_kept.name = "Button_Kept"
	content.add_child(Parts.sentence(_WHY))
	content.add_child(_grid)
	content.add_child(Parts.row([_copy, _save]))
	content.add_child(_status)
	content.add_child(_kept)
	_dialog.access = FileDialog.ACCESS_FILESYSTEM
	_dialog.file_mode = FileDialog.FILE_MODE_SAVE_FILE
	_dialog.use_native_dialog = true
	_dialog.current_file = _FILE
	_dialog.file_selected.connect(_save_to)
	add_child(_dialog)


## Shows [param codes] of the account of [param username].
func open(codes: PackedStringArray, username: String) -> void:
	_codes = codes
	_username = username
	for old: Node in _grid.get_children():
		old.free()
	for code: String in codes:
		var label := Label.new()
		label.auto_translate_mode = Node.AUTO_TRANSLATE_MODE_DISABLED
		label.add_theme_font_size_override("font_size", _CODE_FONT_SIZE)
		label.size_flags_horizontal = SIZE_EXPAND_FILL
		label.text = code
		_grid.add_child(label)
	Parts.say(_status, "")
	show_card("Your recovery codes")
	_copy.grab_focus()


func arrange() -> void:
	# On a phone one column: a code is one word.
	_grid.columns = 1 if size.x < _WIDTH else _COLUMNS
	super()


func _text() -> String:
	return "%s\n\n%s\n" % [_username, "\n".join(_codes)]


func _on_copy_pressed() -> void:
	DisplayServer.clipboard_set(_text())
	Parts.say(_status, tr("Copied"), false)


func _on_save_pressed() -> void:
	if OS.has_feature("web"):
		JavaScriptBridge.download_buffer(_text().to_utf8_buffer(), _FILE, "text/plain")
		Parts.say(_status, tr("Saved"), false)
	else:
		_dialog.popup_centered_ratio()


func _save_to(path: String) -> void:
	var file: FileAccess = FileAccess.open(path, FileAccess.WRITE)
	var is_saved: bool = file != null and file.store_string(_text())
	Parts.say(_status, tr("Saved") if is_saved else tr("This file cannot be written"), not is_saved)


func _on_kept_pressed() -> void:
	# Not clear(): others have the same array.
	_codes = []
	for label: Label in _grid.get_children():
		label.text = ""
	close()
	kept.emit()
