extends "account_section.gd"
## Begins and ends a second factor: a code that an app shows, which logins ask for.

const _MOST_CODE_CHARS: int = 64
const _GROUP_CHARS: int = 4
const _ABOUT: String = (
	"With a second factor, logins ask for a code that an app on your phone shows: nobody comes "
	+ "in with the password alone."
)
const _TYPE_IT: String = "Type this key into your app, then the code that it shows."

var _has_one: bool = false
var _is_begun: bool = false
var _secret: String = ""
var _about := Parts.sentence(_ABOUT)
var _password := Parts.field("Password", true)
var _type_it := Parts.sentence(_TYPE_IT)
var _key := Parts.sentence()
var _copy := Parts.small_button("Copy")
var _code := Parts.field("Code from your app", false, _MOST_CODE_CHARS)
var _begin := Parts.button("Set up a second factor")
var _confirm := Parts.button("Confirm", &"PrimaryButton")
var _end := Parts.button("End the second factor")


func _init() -> void:
	super("Second factor")


func _fill() -> void:
	_key.theme_type_variation = &"Label"
	_key.auto_translate_mode = Node.AUTO_TRANSLATE_MODE_DISABLED
	_key.size_flags_horizontal = SIZE_EXPAND_FILL
	_key.accessibility_name = "Key"
	_key.name = "Label_Key"
	_password.name = "LineEdit_Password"
	_code.name = "LineEdit_Code"
	_copy.pressed.connect(_on_copy_pressed)
	for part: Control in [_about, _password, _type_it, Parts.row([_key, _copy]), _code]:
		add_child(part)
	add_child(_add_button(_begin, "Button_Begin", _on_begin_pressed))
	add_child(_add_button(_confirm, "Button_Confirm", _on_confirm_pressed))
	add_child(_add_button(_end, "Button_End", _on_end_pressed))
	_arrange()


func show_account(_codes_left: int, has_second_factor: bool) -> void:
	_has_one = has_second_factor
	if _has_one:
		_is_begun = false
	_arrange()


func _arrange() -> void:
	_about.visible = not _is_begun
	_password.visible = not _is_begun
	_type_it.visible = _is_begun
	_key.get_parent_control().visible = _is_begun
	_code.visible = _is_begun or _has_one
	_begin.visible = not _has_one and not _is_begun
	_confirm.visible = _is_begun
	_end.visible = _has_one


func _forget() -> void:
	_is_begun = false
	_show_key("")
	Parts.empty([_password, _code])
	_arrange()


func _on_begin_pressed() -> void:
	if not _password.text.is_empty():
		_ask(&"begin_second_factor", [_password.text], _on_begun)


func _on_begun(request: NetworkRequest) -> void:
	var told: Dictionary = request.result
	_forget()
	_is_begun = true
	_show_key(str(told["secret"]))
	_arrange()
	_code.edit()


# In groups, which is how one types it, and which may stand in two rows.
func _show_key(secret: String) -> void:
	_secret = secret
	var groups: PackedStringArray = []
	for at: int in range(0, secret.length(), _GROUP_CHARS):
		groups.append(secret.substr(at, _GROUP_CHARS))
	_key.text = " ".join(groups)


func _on_confirm_pressed() -> void:
	if not _code.text.is_empty():
		_ask(&"confirm_second_factor", [_code.text], _on_confirmed)


func _on_confirmed(_request: NetworkRequest) -> void:
	_forget()
	Parts.say(status, tr("Logins ask for a code from now on"), false)


func _on_end_pressed() -> void:
	if not _password.text.is_empty() and not _code.text.is_empty():
		_ask(&"end_second_factor", [_password.text, _code.text], _on_ended)


func _on_ended(_request: NetworkRequest) -> void:
	_forget()
	Parts.say(status, tr("Logins ask for no code any more"), false)


func _on_copy_pressed() -> void:
	DisplayServer.clipboard_set(_secret)
	Parts.say(status, tr("Copied"), false)
