extends RefCounted
## Sees to it that all text of a theme can be read on the ground it stands on.
##
## Where a theme and ours meet, each may bring one half of a pair: the game's letters
## on our box, or ours on the game's. What cannot be read then gets another lightness.

const Colors := preload("res://addons/longhall/scenes/longhall_colors.gd")

## Types that stand on a box which is no node of the scene.
const _ON: Dictionary[StringName, StringName] = {
	&"TabButton": &"ChatTab",
	&"TabButtonCurrent": &"ChatTabCurrent",
	&"TabClose": &"ChatTabCurrent",
	&"TabBadge": &"ChatTab",
	&"TabBadgeCalling": &"ChatTab",
}
## Colours of a button's text and icon, and the boxes behind them, one over the other.
const _BUTTON: Array[Array] = [
	[&"font_color", &"icon_normal_color", [&"normal"]],
	[&"font_focus_color", &"icon_focus_color", [&"normal", &"focus"]],
	[&"font_hover_color", &"icon_hover_color", [&"hover"]],
	[&"font_pressed_color", &"icon_pressed_color", [&"pressed"]],
	[&"font_hover_pressed_color", &"icon_hover_pressed_color", [&"hover_pressed"]],
	[&"font_disabled_color", &"icon_disabled_color", [&"disabled"]],
]
const _FIELD: Array[Array] = [
	[&"font_color", &"caret_color", [&"normal"]],
	[&"font_placeholder_color", &"", [&"normal"]],
	[&"font_uneditable_color", &"", [&"read_only"]],
]
const _TREE: Array[Array] = [
	[&"font_color", &"", [&"panel"]],
	[&"font_hovered_color", &"", [&"panel", &"hovered"]],
	[&"font_selected_color", &"", [&"panel", &"selected"]],
	[&"font_hovered_selected_color", &"", [&"panel", &"hovered_selected"]],
]
const _MENU: Array[Array] = [
	[&"font_color", &"font_separator_color", [&"panel"]],
	[&"font_disabled_color", &"", [&"panel"]],
	[&"font_hover_color", &"", [&"panel", &"hover"]],
]
const _LABEL: Array[Array] = [[&"font_color", &"", [&"normal"]]]
const _TOOLTIP: Array[Array] = [[&"font_color", &"", [&"normal"]]]

## Colours of the type [code]Chatbox[/code] that are grounds of lines end so.
const _GROUND_OF_LINES: String = "_background_color"

# Types that stand on a button, which is no node around them.
const _ON_BUTTON: Dictionary[StringName, StringName] = {&"ListDetail": &"ListButton"}

var _theme: Theme
# Themes made, by the ground they are for; and what was looked up, by type and item.
var _made: Dictionary[Color, Theme] = {}
var _colors: Dictionary[StringName, Dictionary] = {}
var _boxes: Dictionary[StringName, Dictionary] = {}
var _labels: Array[StringName] = []
var _buttons: Array[StringName] = []


func _init(theme: Theme) -> void:
	_theme = theme
	for type: String in theme.get_type_list():
		match _native(type):
			&"Label":
				_labels.append(StringName(type))
			&"Button", &"CheckBox":
				_buttons.append(StringName(type))


## The colour seen in front of [param ground] where a panel of [param type] is.
func in_front_of(ground: Color, type: StringName, item: StringName = &"panel") -> Color:
	return Colors.in_front_of(ground, _box(item, type))


## All colours of text, fit for [param ground]. It is complete, since what a nearer
## theme says of one type would else hide what a farther one says of its variations.
func on(ground: Color) -> Theme:
	if _made.has(ground):
		return _made[ground]
	var fit := Theme.new()
	_made[ground] = fit
	for type: StringName in _labels:
		var behind: Color = ground
		if _ON.has(type):
			behind = in_front_of(ground, _ON[type])
		elif _ON_BUTTON.has(type):
			behind = in_front_of(ground, _ON_BUTTON[type], &"normal")
		_fit(fit, type, _LABEL, behind)
	for type: StringName in _buttons:
		var behind: Color = in_front_of(ground, _ON[type]) if _ON.has(type) else ground
		_fit(fit, type, _BUTTON, behind)
	_fit(fit, &"LineEdit", _FIELD, ground)
	_fit_selection(fit, &"LineEdit", in_front_of(ground, &"LineEdit", &"normal"))
	_fit(fit, &"Tree", _TREE, ground)
	_fit_lines(fit, ground)
	return fit


## Menus and tooltips, which bring their own ground.
func of_windows(ground: Color) -> Theme:
	var fit := Theme.new()
	_fit(fit, &"PopupMenu", _MENU, ground)
	_fit(fit, &"TooltipLabel", _TOOLTIP, in_front_of(ground, &"TooltipPanel"))
	return fit


func _fit(fit: Theme, type: StringName, states: Array[Array], ground: Color) -> void:
	for state: Array in states:
		var behind: Color = ground
		var boxes: Array = state[2]
		for item: StringName in boxes:
			behind = Colors.in_front_of(behind, _box(item, type))
		for i: int in 2:
			var item: StringName = state[i]
			if not item.is_empty():
				fit.set_color(item, type, Colors.readable(_color(item, type), [behind]))


func _fit_selection(fit: Theme, type: StringName, ground: Color) -> void:
	var behind: Color = ground.blend(_color(&"selection_color", type))
	var letters: Color = _color(&"font_selected_color", type)
	fit.set_color(&"font_selected_color", type, Colors.readable(letters, [behind]))


# Lines have grounds of their own, and every colour may stand on each.
func _fit_lines(fit: Theme, ground: Color) -> void:
	var letters: Color = Colors.readable(_color(&"default_color", &"RichTextLabel"), [ground])
	var grounds: Array[Color] = [ground]
	var items: PackedStringArray = _theme.get_color_list(&"Chatbox")
	for item: String in items:
		if item.ends_with(_GROUND_OF_LINES):
			var behind: Color = ground.blend(_color(item, &"Chatbox"))
			if Colors.least_contrast(letters, [behind]) < Colors.READABLE:
				# As far from the ground, on the side where the letters are not.
				behind = Color(ground + (ground - behind), 1.0).clamp()
			grounds.append(behind)
			fit.set_color(item, &"Chatbox", behind)
	for item: String in items:
		if not item.ends_with(_GROUND_OF_LINES):
			var color: Color = Colors.readable(_color(item, &"Chatbox"), grounds)
			fit.set_color(item, &"Chatbox", color)
	fit.set_color(&"default_color", &"RichTextLabel", Colors.readable(letters, grounds))
	_fit_selection(fit, &"RichTextLabel", ground)


func _color(item: StringName, type: StringName) -> Color:
	var known: Dictionary = _colors.get_or_add(type, {})
	if not known.has(item):
		var found: StringName = _type_with(Theme.DATA_TYPE_COLOR, item, type)
		var theme: Theme = ThemeDB.get_default_theme() if found.is_empty() else _theme
		known[item] = theme.get_color(item, _native(type) if found.is_empty() else found)
	return known[item]


func _box(item: StringName, type: StringName) -> StyleBox:
	var known: Dictionary = _boxes.get_or_add(type, {})
	if not known.has(item):
		var found: StringName = _type_with(Theme.DATA_TYPE_STYLEBOX, item, type)
		var theme: Theme = ThemeDB.get_default_theme() if found.is_empty() else _theme
		known[item] = theme.get_stylebox(item, _native(type) if found.is_empty() else found)
	return known[item]


# Where the engine would find it: in the type, in what that is a variation of, or in
# the class that one inherits.
func _type_with(data: Theme.DataType, item: StringName, type: StringName) -> StringName:
	var looked: StringName = type
	while not looked.is_empty():
		if _theme.has_theme_item(data, item, looked):
			return looked
		var base: StringName = _theme.get_type_variation_base(looked)
		if base.is_empty() and ClassDB.class_exists(looked):
			base = ClassDB.get_parent_class(looked)
		looked = base
	return &""


func _native(type: StringName) -> StringName:
	var native: StringName = type
	while not _theme.get_type_variation_base(native).is_empty():
		native = _theme.get_type_variation_base(native)
	return native
