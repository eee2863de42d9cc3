extends RefCounted
## The theme a screen is drawn with: ours, and over it what the designer says.
##
## The designer's word is the theme of the project, those of the parents and that
## of the screen itself; the nearest wins. What none of them has comes from
## [code]longhall_theme.tres[/code], so that half a theme is enough: ours takes on
## the ground and the ink of the designer's, and no text stays that cannot be read
## where it stands.

const OURS: Theme = preload("res://addons/longhall/themes/longhall_theme.tres")
const Colors := preload("res://addons/longhall/scenes/longhall_colors.gd")
const Legible := preload("res://addons/longhall/scenes/longhall_legible.gd")
const Shades := preload("res://addons/longhall/scenes/longhall_shades.gd")

## Variations of ours that are drawn as their base type where a theme has that. The
## others mean something by what they look like, or sit inside another control.
const _GIVES_WAY: Array[StringName] = [
	&"PrimaryButton",
	&"SmallButton",
	&"PillButton",
	&"ListButton",
	&"CardPanel",
	&"ChatboxBackground",
	&"ChatboxMargins",
	&"FloatingPanel",
	&"HeaderBar",
	&"LogPanel",
	&"RosterPanel",
	&"MutedLabel",
	&"NameLabel",
]
## What lies over other text, so that a box one can see through will not do.
const _OPAQUE: Array[StringName] = [
	&"FloatingPanel", &"RosterPanel", &"PillButton", &"PopupMenu", &"TooltipPanel"
]
## Panels with text in them, which needs some room around it.
const _PADDED: Array[StringName] = [
	&"CardPanel", &"FloatingPanel", &"HeaderBar", &"LogPanel", &"RosterPanel"
]
const _LEAST_MARGIN: float = 4.0
const _NEARLY_OPAQUE: float = 0.95
## Where a theme says on what ground and with what ink a kind of control is drawn.
const _GROUNDS: Dictionary[StringName, Array] = {
	&"": [[&"panel", &"PanelContainer"], [&"panel", &"Panel"]],
	&"Button": [[&"normal", &"Button"]],
	&"LineEdit": [[&"normal", &"LineEdit"]],
	&"PopupMenu": [[&"panel", &"PopupMenu"]],
	&"Tooltip": [[&"panel", &"TooltipPanel"]],
}
const _INKS: Dictionary[StringName, Array] = {
	&"": [[&"font_color", &"Label"], [&"default_color", &"RichTextLabel"]],
	&"Button": [[&"font_color", &"Button"]],
	&"LineEdit": [[&"font_color", &"LineEdit"]],
	&"PopupMenu": [[&"font_color", &"PopupMenu"]],
	&"Tooltip": [[&"font_color", &"TooltipLabel"]],
}
## The kind of each type; of the others it is [code]&""[/code].
const _KINDS: Dictionary[StringName, StringName] = {
	&"Button": &"Button",
	&"PrimaryButton": &"Button",
	&"SmallButton": &"Button",
	&"PillButton": &"Button",
	&"ListButton": &"Button",
	&"ListDetail": &"Button",
	&"LineEdit": &"LineEdit",
	&"PopupMenu": &"PopupMenu",
	&"TooltipPanel": &"Tooltip",
	&"TooltipLabel": &"Tooltip",
}
## The engine asks a theme with a default font for each type alone.
const _HEIRS: Dictionary[StringName, StringName] = {&"CheckBox": &"Button"}
## Only dims what is behind it, whatever that is.
const _DIM: StringName = &"Dim"
## Marks the themes that are made here.
const _MADE: StringName = &"longhall_made"


## Gives the parts of [param screen] the theme that is right for them now.
## [param behind] is what is seen where the screen draws nothing, and
## [param card] the panel, if any, that it draws behind all of its parts.
static func dress(
	screen: Control,
	behind: Color = RenderingServer.get_default_clear_color(),
	card: StringName = &""
) -> void:
	var designers: Array[Theme] = _themes_around(screen)
	if designers.is_empty():
		_dress_alike(screen, screen, OURS)
		return
	var merged: Theme = _merged(designers, behind)
	var legible := Legible.new(merged)
	var seen: Color = behind if card.is_empty() else legible.in_front_of(behind, card)
	_put(merged, legible.of_windows(seen))
	var made: Dictionary[Color, Theme] = {}
	for part: Node in screen.get_children():
		if not _is_ours(part, screen):
			continue
		seen = _in_front_of_panel(part, seen, legible)
		if not made.has(seen):
			made[seen] = merged.duplicate()
			_put(made[seen], legible.on(seen))
		if part is Control:
			(part as Control).theme = made[seen]
			_dress_panels(part, screen, seen, legible)
		elif part is Window:
			(part as Window).theme = made[seen]


## The opaque colour that is behind text in a panel of [param type] on a screen, of
## which [param part] is a part.
static func ground(part: Control, type: StringName) -> Color:
	var behind: Color = RenderingServer.get_default_clear_color()
	for around: StringName in [&"ChatboxBackground", type]:
		behind = Colors.in_front_of(behind, part.get_theme_stylebox(&"panel", around))
	return behind


## [param color] if it can be read on all of [param grounds], else the nearest one of
## its hue that can.
static func readable(color: Color, grounds: Array[Color]) -> Color:
	return Colors.readable(color, grounds)


# Of the screen's own scene, or of one that this is made of.
static func _is_ours(part: Node, screen: Control) -> bool:
	return part.owner == screen or (part.owner != null and part.owner.owner == screen)


# What a designer adds to a screen is theirs to dress.
static func _dress_alike(around: Node, screen: Control, theme: Theme) -> void:
	for part: Node in around.get_children():
		if not _is_ours(part, screen):
			continue
		if part is Control and (theme != null or _is_made_here((part as Control).theme)):
			(part as Control).theme = theme
		elif part is Window and theme != null:
			(part as Window).theme = theme
		_dress_alike(part, screen, null)


# Each panel has a ground of its own, on which its text has to be read.
static func _dress_panels(
	around: Node, screen: Control, ground_around: Color, legible: Legible
) -> void:
	for part: Node in around.get_children():
		if not _is_ours(part, screen) or not part is Control:
			continue
		ground_around = _in_front_of_panel(part, ground_around, legible)
		var ground_here: Color = ground_around
		var panel := part as PanelContainer
		if panel != null:
			ground_here = legible.in_front_of(ground_around, _type_of(panel))
			if panel.theme == null or _is_made_here(panel.theme):
				var theme: Theme = legible.on(ground_here)
				theme.set_meta(_MADE, true)
				panel.theme = theme
		_dress_panels(part, screen, ground_here, legible)


# A Panel is drawn behind what comes after it.
static func _in_front_of_panel(part: Node, behind: Color, legible: Legible) -> Color:
	var panel := part as Panel
	return behind if panel == null else legible.in_front_of(behind, _type_of(panel))


static func _type_of(control: Control) -> StringName:
	var variation: StringName = control.theme_type_variation
	return StringName(control.get_class()) if variation.is_empty() else variation


static func _is_made_here(theme: Theme) -> bool:
	return theme != null and theme.has_meta(_MADE)


static func _merged(designers: Array[Theme], behind: Color) -> Theme:
	var foreign := Theme.new()
	for theme: Theme in designers:
		_put(foreign, theme)
	var shades: Dictionary[StringName, Shades] = _shades_of(foreign, behind)
	var merged := Theme.new()
	_put(merged, OURS)
	for type: String in OURS.get_type_list():
		_shade(merged, type, shades[_KINDS.get(StringName(type), &"")])
	var ours: Theme = merged.duplicate()
	_give_way(merged, foreign)
	_put(merged, foreign)
	for type: StringName in _GIVES_WAY:
		_inherit_boxes(merged, type, OURS.get_type_variation_base(type))
	for type: StringName in _PADDED:
		_pad(merged, type)
	for type: StringName in _OPAQUE:
		_make_opaque(merged, ours, type, shades[&""].ground)
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


static func _shades_of(foreign: Theme, behind: Color) -> Dictionary[StringName, Shades]:
	var found: Dictionary[StringName, Shades] = {}
	for kind: StringName in _GROUNDS:
		var around: Color = behind if kind.is_empty() else found[&""].ground
		var kind_ground: Color = _named_ground(foreign, _GROUNDS[kind], around)
		var kind_ink: Color = _named_ink(foreign, _INKS[kind])
		if not kind.is_empty() and kind_ground.a == 0.0 and kind_ink.a == 0.0:
			found[kind] = found[&""]
		else:
			found[kind] = Shades.new(kind_ground, kind_ink)
	return found


static func _named_ground(foreign: Theme, places: Array, behind: Color) -> Color:
	for place: Array in places:
		var item: StringName = place[0]
		var type: StringName = place[1]
		if foreign.has_stylebox(item, type):
			return Colors.in_front_of(behind, foreign.get_stylebox(item, type))
	return Color.TRANSPARENT


static func _named_ink(foreign: Theme, places: Array) -> Color:
	for place: Array in places:
		var item: StringName = place[0]
		var type: StringName = place[1]
		if foreign.has_color(item, type):
			return foreign.get_color(item, type)
	return Color.TRANSPARENT


static func _shade(merged: Theme, type: StringName, shades: Shades) -> void:
	if type == _DIM or shades.are_ours():
		return
	for item: String in OURS.get_color_list(type):
		merged.set_color(item, type, shades.fit(OURS.get_color(item, type)))
	for item: String in OURS.get_stylebox_list(type):
		merged.set_stylebox(item, type, shades.fit_box(OURS.get_stylebox(item, type)))


# A button of the designer is not drawn as ours because ours is a special one:
# where [param theme] has the base type, our variation of it steps back.
static func _give_way(merged: Theme, theme: Theme) -> void:
	for type: StringName in _GIVES_WAY:
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


# Where a type is asked for by name, the engine does not know what it is a variation of.
static func _inherit_boxes(merged: Theme, type: StringName, base: StringName) -> void:
	for item: String in merged.get_stylebox_list(base):
		if not merged.has_stylebox(item, type):
			merged.set_stylebox(item, type, merged.get_stylebox(item, base))


# What holds text right at its edge in another game does not look so here.
static func _pad(merged: Theme, type: StringName) -> void:
	var box: StyleBox = merged.get_stylebox(&"panel", type)
	var ours: StyleBox = OURS.get_stylebox(&"panel", type)
	if box.get_margin(SIDE_LEFT) >= _LEAST_MARGIN:
		return
	box = box.duplicate()
	for side: Side in [SIDE_LEFT, SIDE_TOP, SIDE_RIGHT, SIDE_BOTTOM]:
		box.set_content_margin(side, ours.get_margin(side))
	merged.set_stylebox(&"panel", type, box)


static func _clear(merged: Theme, data_type: Theme.DataType, type: StringName) -> void:
	for item: String in merged.get_theme_item_list(data_type, type):
		merged.clear_theme_item(data_type, item, type)


# Fills a box with the colour it has in front of [param behind], or takes ours.
static func _make_opaque(merged: Theme, ours: Theme, type: StringName, behind: Color) -> void:
	for item: String in ours.get_stylebox_list(type):
		if item == "focus" or item == "hover" and type == &"PopupMenu":
			continue
		var box: StyleBox = merged.get_stylebox(item, type)
		var flat := box as StyleBoxFlat
		if _opacity(box) >= _NEARLY_OPAQUE:
			continue
		if flat == null or not flat.draw_center:
			merged.set_stylebox(item, type, ours.get_stylebox(item, type))
			continue
		var filled: StyleBoxFlat = flat.duplicate()
		filled.bg_color = behind.blend(flat.bg_color)
		merged.set_stylebox(item, type, filled)


static func _opacity(box: StyleBox) -> float:
	return Colors.in_front_of(Color.TRANSPARENT, box).a


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
