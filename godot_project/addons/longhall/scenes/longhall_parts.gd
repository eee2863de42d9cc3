extends RefCounted
## What cards and forms are made of, all alike.

## The least height of what a finger has to meet, in pixels.
const FINGER: float = 44.0

const _APART: int = 8
const _CHECK_ON: Texture2D = preload("res://addons/longhall/themes/check_on.svg")
const _CHECK_OFF: Texture2D = preload("res://addons/longhall/themes/check_off.svg")


## A heading.
static func title(text: String) -> Label:
	var label := Label.new()
	label.theme_type_variation = &"NameLabel"
	label.text = text
	return label


## A sentence or two.
static func sentence(text: String = "") -> Label:
	var label := Label.new()
	label.theme_type_variation = &"MutedLabel"
	label.text = text
	label.autowrap_mode = TextServer.AUTOWRAP_WORD_SMART
	return label


## Where it is said what came of something. Not translated: it is in words already.
static func status() -> Label:
	var label := Label.new()
	label.auto_translate_mode = Node.AUTO_TRANSLATE_MODE_DISABLED
	label.autowrap_mode = TextServer.AUTOWRAP_WORD_SMART
	label.visible = false
	return label


## Shows [param text] in [param label], or hides it.
static func say(label: Label, text: String, is_error: bool = true) -> void:
	label.theme_type_variation = &"StatusError" if is_error else &"StatusSuccess"
	label.text = text
	label.visible = not text.is_empty()


## A field to type in, with what belongs there in it.
static func field(what: String, is_secret: bool = false, most: int = 99) -> LineEdit:
	var edit := LineEdit.new()
	edit.placeholder_text = what
	edit.accessibility_name = what
	edit.max_length = most
	edit.secret = is_secret
	edit.keep_editing_on_text_submit = true
	if is_secret:
		edit.virtual_keyboard_type = LineEdit.KEYBOARD_TYPE_PASSWORD
	return edit


## A button; [param variation] says how it looks.
static func button(text: String, variation: StringName = &"") -> Button:
	var made := Button.new()
	made.text = text
	made.theme_type_variation = variation
	made.mouse_default_cursor_shape = Control.CURSOR_POINTING_HAND
	made.size_flags_horizontal = Control.SIZE_EXPAND_FILL
	made.text_overrun_behavior = TextServer.OVERRUN_TRIM_ELLIPSIS
	return made


## A button at the end of a row, as wide as its text.
static func small_button(text: String) -> Button:
	var made := button(text, &"SmallButton")
	made.custom_minimum_size.y = FINGER
	made.size_flags_horizontal = Control.SIZE_SHRINK_END
	# Text that may be cut off takes no width of its own.
	made.text_overrun_behavior = TextServer.OVERRUN_NO_TRIMMING
	return made


## A box to tick.
static func check(text: String) -> CheckBox:
	var made := CheckBox.new()
	made.text = text
	made.custom_minimum_size.y = FINGER
	made.mouse_default_cursor_shape = Control.CURSOR_POINTING_HAND
	made.add_theme_icon_override("checked", _CHECK_ON)
	made.add_theme_icon_override("unchecked", _CHECK_OFF)
	return made


## A row of [param parts].
static func row(parts: Array[Control]) -> HBoxContainer:
	var made := HBoxContainer.new()
	made.add_theme_constant_override("separation", _APART)
	for part: Control in parts:
		made.add_child(part)
	return made


## What is secret is empty afterwards. Not clear(): undo would bring it back.
static func empty(fields: Array[LineEdit]) -> void:
	for one: LineEdit in fields:
		one.text = ""
