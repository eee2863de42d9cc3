extends RefCounted
## Themes of other people's games, whole ones and half ones.


## Themes that say everything about the usual controls.
static func whole() -> Dictionary[String, Theme]:
	return {
		"light": _painted(Color("#ffffff"), Color("#1d1f24"), Color("#e4e7ee"), Color("#2f6fed")),
		"dark": _painted(Color("#1e2230"), Color("#dfe3ee"), Color("#2b3145"), Color("#7aa2f7")),
		"paper": _painted(Color("#e8dcc0"), Color("#4a3b22"), Color("#d8c79f"), Color("#8a5a1c")),
		"middle": _painted(Color("#7d8590"), Color("#0b0d10"), Color("#98a1ad"), Color("#1f3a5f")),
		"Godot's": ThemeDB.get_default_theme().duplicate(),
		"high contrast": _high_contrast(),
		"large": _large(),
	}


## Themes that say one thing, and leave the rest to us.
static func halves() -> Dictionary[String, Theme]:
	var found: Dictionary[String, Theme] = {}
	for color: Color in [Color("#101418"), Color("#f5f7fa"), Color("#777777")]:
		for place: Array in [
			[&"Label", &"font_color"],
			[&"Button", &"font_color"],
			[&"LineEdit", &"font_color"],
			[&"RichTextLabel", &"default_color"],
		]:
			var letters := Theme.new()
			var type: StringName = place[0]
			var item: StringName = place[1]
			letters.set_color(item, type, color)
			found["letters of %s in #%s" % [place[0], color.to_html(false)]] = letters
		for place: Array in [
			[&"PanelContainer", &"panel"],
			[&"Panel", &"panel"],
			[&"Button", &"normal"],
			[&"LineEdit", &"normal"],
		]:
			var boxes := Theme.new()
			var type: StringName = place[0]
			var item: StringName = place[1]
			boxes.set_stylebox(item, type, _box(color))
			found["boxes of %s in #%s" % [place[0], color.to_html(false)]] = boxes
	found["panels that draw nothing"] = _with_panels(StyleBoxEmpty.new())
	found["panels like glass"] = _with_panels(_box(Color(1.0, 1.0, 1.0, 0.55)))
	found["panels of a picture"] = _with_panels(_picture(Color("#f2ead8")))
	found["letters for a dark window on light panels"] = _contrary()
	found["a dark header on light panels"] = _with_dark_header()
	return found


static func _painted(paper: Color, ink: Color, raised: Color, accent: Color) -> Theme:
	var theme := Theme.new()
	for type: StringName in [&"PanelContainer", &"Panel", &"PopupMenu", &"TooltipPanel"]:
		theme.set_stylebox(&"panel", type, _box(paper, raised))
	theme.set_stylebox(&"panel", &"Tree", StyleBoxEmpty.new())
	theme.set_stylebox(&"selected", &"Tree", _box(raised))
	theme.set_stylebox(&"hovered", &"Tree", _box(raised))
	for state: StringName in [&"normal", &"pressed", &"hover", &"disabled"]:
		theme.set_stylebox(state, &"Button", _box(raised, accent))
	theme.set_stylebox(&"focus", &"Button", _ring(accent))
	for state: StringName in [&"normal", &"read_only"]:
		theme.set_stylebox(state, &"LineEdit", _box(paper, accent))
	theme.set_stylebox(&"focus", &"LineEdit", _ring(accent))
	theme.set_stylebox(&"hover", &"PopupMenu", _box(raised))
	for type: StringName in [&"Label", &"Button", &"CheckBox", &"LineEdit", &"Tree", &"PopupMenu"]:
		theme.set_color(&"font_color", type, ink)
		for state: StringName in [&"hover", &"pressed", &"focus", &"hover_pressed"]:
			theme.set_color("font_%s_color" % state, type, ink)
		theme.set_color(&"font_disabled_color", type, Color(ink, 0.5))
	theme.set_color(&"font_color", &"TooltipLabel", ink)
	theme.set_color(&"font_placeholder_color", &"LineEdit", Color(ink, 0.5))
	theme.set_color(&"caret_color", &"LineEdit", ink)
	theme.set_color(&"default_color", &"RichTextLabel", ink)
	return theme


static func _high_contrast() -> Theme:
	var theme: Theme = _painted(Color.BLACK, Color.WHITE, Color.BLACK, Color.YELLOW)
	theme.default_font_size = 20
	return theme


static func _large() -> Theme:
	var theme := Theme.new()
	theme.default_font_size = 30
	return theme


static func _with_panels(box: StyleBox) -> Theme:
	var theme := Theme.new()
	theme.set_stylebox(&"panel", &"PanelContainer", box)
	return theme


static func _contrary() -> Theme:
	var theme: Theme = _with_panels(_box(Color("#fafafa")))
	theme.set_color(&"font_color", &"Label", Color("#f0f0f0"))
	theme.set_color(&"default_color", &"RichTextLabel", Color("#f0f0f0"))
	return theme


static func _with_dark_header() -> Theme:
	var theme: Theme = _with_panels(_box(Color("#fafafa")))
	theme.set_type_variation(&"HeaderBar", &"PanelContainer")
	theme.set_stylebox(&"panel", &"HeaderBar", _box(Color("#2a1b4a")))
	theme.set_color(&"font_color", &"Label", Color("#222222"))
	return theme


static func _box(color: Color, border: Color = color) -> StyleBoxFlat:
	var box := StyleBoxFlat.new()
	box.bg_color = color
	box.border_color = border
	box.set_border_width_all(1)
	box.set_content_margin_all(8.0)
	return box


static func _ring(color: Color) -> StyleBoxFlat:
	var box: StyleBoxFlat = _box(color, color)
	box.draw_center = false
	box.set_border_width_all(2)
	return box


static func _picture(color: Color) -> StyleBoxTexture:
	var image := Image.create_empty(32, 32, false, Image.FORMAT_RGBA8)
	image.fill(color)
	var box := StyleBoxTexture.new()
	box.texture = ImageTexture.create_from_image(image)
	box.set_content_margin_all(8.0)
	return box
