extends "res://tests/test_case.gd"
## Screens in a game that has a look of its own, or half of one, or none.

const LOGIN: PackedScene = preload("res://addons/longhall/scenes/login/login.tscn")
const CHATBOX: PackedScene = preload("res://addons/longhall/scenes/chatbox/chatbox.tscn")

const INK := Color("#123456")
const PAPER := Color("#fdfdf0")
const BRICK := Color("#8b1c1c")

var _parent: Control
var _login: LoginScreen
var _chatbox: Chatbox
var _log: ChatLog


func set_up() -> void:
	_parent = Control.new()
	_parent.set_anchors_preset(Control.PRESET_FULL_RECT)
	_login = LOGIN.instantiate()
	_login.wire_to_client = false
	_chatbox = CHATBOX.instantiate()
	_chatbox.wire_to_client = false
	_chatbox.username = "ada"
	_parent.add_child(_login)
	_parent.add_child(_chatbox)
	_log = _chatbox.get_node("%ChatLog")


func test_a_theme_of_a_parent_takes_effect_as_far_as_it_goes() -> void:
	_parent.theme = _designers()
	await add(_parent)
	_check_designers()
	# What it does not say is ours, on a ground for letters as dark as theirs.
	var hint: Color = _part(_login, "Label_Status").get_theme_color(&"font_color")
	_check_kin(hint, _ours(), "a hint")
	_check_kin(
		_log.get_theme_color(&"own_name_color", &"Chatbox"),
		LoginScreen.Look.OURS.get_color(&"own_name_color", &"Chatbox"),
		"the own name"
	)
	var card := _part(_login, "VBoxContainer").get_theme_stylebox(&"panel", &"CardPanel")
	_check_readable(INK, (card as StyleBoxFlat).bg_color, &"the game's ink")
	_check_readable(hint, (card as StyleBoxFlat).bg_color, &"a hint")


func test_a_theme_takes_effect_wherever_and_whenever_it_is_set() -> void:
	await add(_parent)
	_parent.theme = _designers()
	await frames(1)
	_check_designers()
	_parent.theme = null
	await frames(1)
	var log_in: Control = _part(_login, "Button_Login")
	check(not _is_paper(log_in.get_theme_stylebox(&"normal")), "the theme stays")
	for screen: Control in [_login, _chatbox]:
		screen.theme = _designers()
	await frames(1)
	_check_designers()
	# A designer goes on painting.
	_chatbox.theme.set_color(&"font_color", &"NameLabel", BRICK)
	await frames(1)
	check_equal(_part(_chatbox, "Label_You").get_theme_color(&"font_color"), BRICK, "the name")


func test_the_nearest_theme_wins_item_by_item() -> void:
	_parent.theme = _designers()
	_login.theme = Theme.new()
	_login.theme.set_color(&"font_color", &"Label", BRICK)
	await add(_parent)
	check_equal(_part(_login, "Label_Connection").get_theme_color(&"font_color"), BRICK, "near")
	check(_is_paper(_part(_login, "Button_Login").get_theme_stylebox(&"normal")), "far")


func test_our_special_types_can_be_named() -> void:
	_parent.theme = _designers()
	_parent.theme.set_color(&"font_color", &"StatusInfo", BRICK)
	_parent.theme.set_font_size(&"font_size", &"MutedLabel", 33)
	await add(_parent)
	check_equal(_part(_login, "Label_Status").get_theme_color(&"font_color"), BRICK, "a hint")
	var connection: Control = _part(_login, "Label_Connection")
	check_equal(connection.get_theme_font_size(&"font_size"), 33, "the size")


func test_letters_come_from_the_font_of_the_game() -> void:
	var font := SystemFont.new()
	_parent.theme = Theme.new()
	_parent.theme.default_font = font
	_parent.theme.default_font_size = 32
	await add(_parent)
	check_equal(_part(_login, "Label_Status").get_theme_font(&"font"), font, "the font")
	check_equal(_log.get_theme_font(&"normal_font"), font, "the font of the log")
	check_equal(_log.get_theme_font_size(&"normal_font_size"), 32, "the size in the log")
	var bold := _part(_chatbox, "Label_You").get_theme_font(&"font") as FontVariation
	check_equal(bold.base_font, font, "the bold font")
	check_equal(_part(_login, "Label_Connection").get_theme_font_size(&"font_size"), 28, "small")


func test_screens_without_a_theme_of_the_game_are_dressed_and_readable() -> void:
	_parent.free()
	for designers: Theme in [null, Theme.new(), LoginScreen.Look.OURS]:
		var screens: Array[Control] = [LOGIN.instantiate(), CHATBOX.instantiate()]
		for screen: Control in screens:
			screen.set(&"wire_to_client", false)
			screen.theme = designers
			await add(screen)
			_check_dressed(screen)
		var chat: Control = _part(screens[1], "ChatLog")
		var box := chat.get_theme_stylebox(&"panel", &"LogPanel") as StyleBoxFlat
		for item: StringName in [&"notice_color", &"pending_color", &"time_color"]:
			_check_readable(chat.get_theme_color(item, &"Chatbox"), box.bg_color, item)
		var own: Color = chat.get_theme_color(&"own_background_color", &"Chatbox")
		_check_readable(chat.get_theme_color(&"own_text_color", &"Chatbox"), own, &"own_text_color")
		var card := _part(screens[0], "VBoxContainer").get_theme_stylebox(&"panel", &"CardPanel")
		for type: StringName in [&"StatusInfo", &"StatusSuccess", &"StatusError"]:
			var tone: Color = _part(screens[0], "VBoxContainer").get_theme_color(
				&"font_color", type
			)
			_check_readable(tone, (card as StyleBoxFlat).bg_color, type)


func test_our_own_theme_has_nothing_that_cannot_be_read() -> void:
	_parent.free()
	var look := LoginScreen.Look
	var legible := look.Legible.new(look.OURS)
	var behind: Color = legible.in_front_of(look.Shades.OUR_GROUND, &"ChatboxBackground")
	for panel: StringName in [&"CardPanel", &"LogPanel", &"RosterPanel", &"HeaderBar", &"Strip"]:
		var fit: Theme = legible.on(legible.in_front_of(behind, panel))
		for type: String in look.OURS.get_color_type_list():
			for item: String in fit.get_color_list(type):
				if look.OURS.has_color(item, type):
					var same: bool = fit.get_color(item, type) == look.OURS.get_color(item, type)
					check(same, "%s of %s is hard to read on %s" % [item, type, panel])


func test_what_lies_over_text_is_not_made_of_glass() -> void:
	var glass := StyleBoxFlat.new()
	glass.bg_color = Color(1.0, 1.0, 1.0, 0.3)
	_parent.theme = Theme.new()
	_parent.theme.set_stylebox(&"panel", &"PanelContainer", glass)
	_parent.theme.set_stylebox(&"normal", &"Button", StyleBoxEmpty.new())
	await add(_parent)
	for part: String in ["Roster", "Completions"]:
		var box := _part(_chatbox, part).get_theme_stylebox(&"panel") as StyleBoxFlat
		check_equal(box.bg_color.a, 1.0, "what %s lets through" % part)
	var pill := _part(_chatbox, "Button_NewMessages").get_theme_stylebox(&"normal") as StyleBoxFlat
	check(pill != null and pill.bg_color.a == 1.0, "the pill over the log lets lines through")


func test_a_theme_that_goes_leaves_nothing_behind() -> void:
	_parent.theme = _designers()
	await add(_parent)
	_parent.theme = null
	await frames(1)
	for part: String in ["Header", "Banner", "Roster"]:
		check(_part(_chatbox, part).theme == null, "%s keeps a theme" % part)
	check_equal(_part(_login, "Label_Status").get_theme_color(&"font_color"), _ours(), "a hint")


func test_a_theme_that_a_game_gives_a_panel_stays() -> void:
	var own := Theme.new()
	_part(_chatbox, "Header").theme = own
	_parent.theme = _designers()
	await add(_parent)
	check_equal(_part(_chatbox, "Header").theme, own, "the header's theme")


# In a game whose project has no theme, only what the screen brings counts.
func _check_dressed(screen: Control) -> void:
	for part: Node in screen.get_children():
		# A node that is not drawn has none.
		if not (part is Control or part is Window):
			continue
		var theme: Theme = part.get(&"theme")
		if not check(theme != null, "%s has no theme of ours" % part.name):
			continue
		check(theme.has_color(&"own_text_color", &"Chatbox"), "%s: own lines" % part.name)
		check(theme.has_color(&"font_color", &"StatusError"), "%s: errors" % part.name)
		check_equal(theme.get_constant(&"icon_max_width", &"Button"), 20, "the size of icons")


func _check_designers() -> void:
	for button: Control in [
		_part(_login, "Button_Login"),
		_part(_login, "Button_Register"),
		_part(_chatbox, "Button_Logout"),
		_part(_chatbox, "Button_Send"),
	]:
		check(_is_paper(button.get_theme_stylebox(&"normal")), "%s has another box" % button.name)
		check_equal(button.get_theme_color(&"font_color"), INK, "%s's colour" % button.name)
	check(
		not _is_paper(_part(_login, "Button_Reveal").get_theme_stylebox(&"normal")),
		"the eye in the field has a frame"
	)
	for label: Control in [_part(_login, "Label_Connection"), _part(_chatbox, "Label_You")]:
		check_equal(label.get_theme_color(&"font_color"), INK, "%s's colour" % label.name)
		check_equal(label.get_theme_font_size(&"font_size"), 30, "%s's size" % label.name)


func _designers() -> Theme:
	var theme := Theme.new()
	var box := StyleBoxFlat.new()
	box.bg_color = PAPER
	theme.set_stylebox(&"normal", &"Button", box)
	theme.set_color(&"font_color", &"Button", INK)
	theme.set_color(&"font_color", &"Label", INK)
	theme.set_font_size(&"font_size", &"Label", 30)
	return theme


func _is_paper(box: StyleBox) -> bool:
	return box is StyleBoxFlat and (box as StyleBoxFlat).bg_color == PAPER


func _part(screen: Control, part: String) -> Control:
	return screen.get_node("%" + part)


func _ours() -> Color:
	return LoginScreen.Look.OURS.get_color(&"font_color", &"StatusInfo")


# As dark or light as it has to be.
func _check_kin(color: Color, ours: Color, what: String) -> void:
	check(absf(color.ok_hsl_h - ours.ok_hsl_h) < 0.02, "%s has another hue" % what)


func _check_readable(text: Color, back: Color, what: StringName) -> void:
	check(_contrast(text, back) >= 4.5, "%s is hard to read" % what)


# WCAG 2, "contrast ratio".
static func _contrast(a: Color, b: Color) -> float:
	var brightness: Array[float] = [
		a.srgb_to_linear().get_luminance(), b.srgb_to_linear().get_luminance()
	]
	return (brightness.max() + 0.05) / (brightness.min() + 0.05)
