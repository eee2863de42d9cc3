extends "res://tests/test_case.gd"
## Screens in a game that has a look of its own, or half of one, or none.

const LOGIN: PackedScene = preload("res://addons/longhall/scenes/login/login.tscn")
const CHATBOX: PackedScene = preload("res://addons/longhall/scenes/chatbox/chatbox.tscn")

const INK := Color("#123456")
const PAPER := Color("#fdfdf0")

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
	# What it does not say.
	check_equal(_part(_login, "Label_Status").get_theme_color(&"font_color"), _ours(), "a hint")
	check_equal(
		_log.get_theme_color(&"own_name_color", &"Chatbox"),
		LoginScreen.Look.OURS.get_color(&"own_name_color", &"Chatbox"),
		"the own name"
	)


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
	_chatbox.theme.set_color(&"font_color", &"NameLabel", Color.RED)
	await frames(1)
	check_equal(_part(_chatbox, "Label_You").get_theme_color(&"font_color"), Color.RED, "the name")


func test_the_nearest_theme_wins_item_by_item() -> void:
	_parent.theme = _designers()
	_login.theme = Theme.new()
	_login.theme.set_color(&"font_color", &"Label", Color.RED)
	await add(_parent)
	check_equal(_part(_login, "Label_Connection").get_theme_color(&"font_color"), Color.RED, "near")
	check(_is_paper(_part(_login, "Button_Login").get_theme_stylebox(&"normal")), "far")


func test_our_special_types_can_be_named() -> void:
	_parent.theme = _designers()
	_parent.theme.set_color(&"font_color", &"StatusInfo", Color.RED)
	_parent.theme.set_font_size(&"font_size", &"MutedLabel", 33)
	await add(_parent)
	check_equal(_part(_login, "Label_Status").get_theme_color(&"font_color"), Color.RED, "a hint")
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


# In a game whose project has no theme, only what the screen brings counts.
func _check_dressed(screen: Control) -> void:
	for part: Node in screen.get_children():
		# What is not drawn has none.
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


func _check_readable(text: Color, back: Color, what: StringName) -> void:
	check(_contrast(text, back) >= 4.5, "%s is hard to read" % what)


# WCAG 2, "contrast ratio".
static func _contrast(a: Color, b: Color) -> float:
	var brightness: Array[float] = [
		a.srgb_to_linear().get_luminance(), b.srgb_to_linear().get_luminance()
	]
	return (brightness.max() + 0.05) / (brightness.min() + 0.05)
