extends "account_section.gd"
## Gives the player all that the server knows of the account, in a file.

## Where the file goes, without a browser.
const FILE: String = "user://longhall-data.json"
const _FILE_NAME: String = "longhall-data.json"
const _JSON: String = "application/json"


func _init() -> void:
	super("Your data")


func show_guest(_is_guest: bool) -> void:
	pass


func _fill() -> void:
	add_child(Parts.sentence("All that the server knows of you, in one file"))
	add_child(_add_button(Parts.button("Save my data"), "Button_Save", _export))


func _export() -> void:
	_ask(&"export_account", [], _on_exported)


func _on_exported(request: NetworkRequest) -> void:
	var json: String = request.result
	if OS.has_feature("web"):
		JavaScriptBridge.download_buffer(json.to_utf8_buffer(), _FILE_NAME, _JSON)
		Parts.say(status, tr("Saved"), false)
		return
	var file := FileAccess.open(FILE, FileAccess.WRITE)
	if file == null or not file.store_string(json):
		Parts.say(status, tr("The file cannot be written"))
		return
	file.close()
	Parts.say(status, tr("Saved as %s") % ProjectSettings.globalize_path(FILE), false)
