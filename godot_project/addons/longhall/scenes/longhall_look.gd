extends RefCounted
## The theme a screen is drawn with: ours, and over it what the designer says.
##
## The designer's word is the theme of the project, those of the parents and that
## of the screen itself; the nearest wins. What none of them has comes from
## [code]longhall_theme.tres[/code], so that half a theme is enough.

const OURS: Theme = preload("res://addons/longhall/themes/longhall_theme.tres")

# Types of ours whose look means something, or that sit inside another control:
# what a theme says of all labels or buttons is not meant for them.
const _KEPT: Array[StringName] = [&"StatusInfo", &"StatusSuccess", &"StatusError", &"FlatButton"]
# The engine asks a theme with a default font for each type alone.
const _HEIRS: Dictionary[StringName, StringName] = {&"CheckBox": &"Button"}


## Gives the parts of [param screen] the theme that is right for it now.
static func dress(screen: Control) -> void:
	var theme: Theme = _theme_for(screen)
	for part: Node in screen.get_children():
		# What a designer adds to a screen is theirs to dress.
		if part.owner != screen:
			continue
		if part is Control:
			(part as Control).theme = theme
		elif part is Window:
			(part as Window).theme = theme


static func _theme_for(screen: Control) -> Theme:
	var designers: Array[Theme] = _themes_around(screen)
	if designers.is_empty():
		return OURS
	var merged := Theme.new()
	_put(merged, OURS)
	for theme: Theme in designers:
		_give_way(merged, theme)
		_put(merged, theme)
	_fit_fonts(merged)
	return merged


# The nearest last. Only controls and windows hand a theme on.
static func _themes_around(screen: Control) -> Array[Theme]:
	var found: Array[Theme] = []
	var node: Node = screen
	while node is Control or node is Window:
		var theme: Theme = node.get(&"theme")
		_add_foreign(found, theme)
		node = node.get_parent()
	_add_foreign(found, ThemeDB.get_project_theme())
	found.reverse()
	return found


static func _add_foreign(themes: Array[Theme], theme: Theme) -> void:
	if theme != null and theme != OURS and not theme in themes:
		themes.append(theme)


static func _put(merged: Theme, theme: Theme) -> void:
	merged.merge_with(theme)
	if theme.has_default_font():
		merged.default_font = theme.default_font
	if theme.has_default_font_size():
		merged.default_font_size = theme.default_font_size


# A button of the designer is not drawn as ours because ours is a special one:
# where [param theme] has the base type, our variation of it steps back.
static func _give_way(merged: Theme, theme: Theme) -> void:
	for type: StringName in _our_variations():
		if type in _KEPT:
			continue
		var base: StringName = OURS.get_type_variation_base(type)
		var has_boxes: bool = not theme.get_stylebox_list(base).is_empty()
		var has_own_boxes: bool = not OURS.get_stylebox_list(type).is_empty()
		if has_boxes:
			_clear(merged, Theme.DATA_TYPE_STYLEBOX, type)
		# Colours go with what is behind them.
		var has_colors: bool = not theme.get_color_list(base).is_empty()
		if has_boxes or (has_colors and not has_own_boxes):
			_clear(merged, Theme.DATA_TYPE_COLOR, type)
		if not theme.get_font_list(base).is_empty():
			_clear(merged, Theme.DATA_TYPE_FONT, type)
		if not theme.get_font_size_list(base).is_empty():
			_clear(merged, Theme.DATA_TYPE_FONT_SIZE, type)


static func _clear(merged: Theme, data_type: Theme.DataType, type: StringName) -> void:
	for item: String in merged.get_theme_item_list(data_type, type):
		merged.clear_theme_item(data_type, item, type)


# Our bold and italic letters are made from the designer's font, and our smaller
# ones stay smaller than theirs.
static func _fit_fonts(merged: Theme) -> void:
	for type: String in OURS.get_font_type_list():
		for item: String in OURS.get_font_list(type):
			var ours := OURS.get_font(item, type) as FontVariation
			if item in merged.get_font_list(type) and merged.get_font(item, type) == ours:
				var fitting: FontVariation = ours.duplicate()
				fitting.base_font = merged.default_font
				merged.set_font(item, type, fitting)
	var growth: float = float(merged.default_font_size) / OURS.default_font_size
	for type: String in OURS.get_font_size_type_list():
		for item: String in OURS.get_font_size_list(type):
			var ours: int = OURS.get_font_size(item, type)
			if item in merged.get_font_size_list(type) and merged.get_font_size(item, type) == ours:
				merged.set_font_size(item, type, roundi(ours * growth))
	for type: StringName in _our_variations():
		_inherit_fonts(merged, type, OURS.get_type_variation_base(type))
	for type: StringName in _HEIRS:
		_inherit_fonts(merged, type, _HEIRS[type])


static func _inherit_fonts(merged: Theme, type: StringName, base: StringName) -> void:
	for item: String in merged.get_font_list(base):
		if not item in merged.get_font_list(type):
			merged.set_font(item, type, merged.get_font(item, base))
	for item: String in merged.get_font_size_list(base):
		if not item in merged.get_font_size_list(type):
			merged.set_font_size(item, type, merged.get_font_size(item, base))


static func _our_variations() -> Array[StringName]:
	var variations: Array[StringName] = []
	for type: String in OURS.get_type_list():
		if not OURS.get_type_variation_base(type).is_empty():
			variations.append(StringName(type))
	return variations
