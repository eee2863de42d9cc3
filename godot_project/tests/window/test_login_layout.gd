extends "res://tests/test_case.gd"
## Where things stand on the login screen, at the sizes it is seen at.

const LOGIN: PackedScene = preload("res://addons/longhall/scenes/login/login.tscn")

const LONG: String = "The server cannot be reached, and nobody knows for how long that will be so"
## Size of the window, and how much larger everything in it is drawn.
const WINDOWS: Array[Array] = [
	[Vector2i(1152, 648), 1.0],
	[Vector2i(360, 640), 1.0],
	[Vector2i(1920, 1080), 2.0],
	[Vector2i(640, 360), 1.0],
]
const LANGUAGES: Array[String] = ["en", "de"]

var _screen: LoginScreen
var _locale: String


func set_up() -> void:
	_locale = TranslationServer.get_locale()
	tree.root.content_scale_mode = Window.CONTENT_SCALE_MODE_DISABLED
	_screen = LOGIN.instantiate()
	_screen.wire_to_client = false
	await add(_screen)
	_screen.username = "Ada"


func tear_down() -> void:
	TranslationServer.set_locale(_locale)
	tree.root.content_scale_mode = Window.CONTENT_SCALE_MODE_CANVAS_ITEMS
	tree.root.content_scale_factor = 1.0
	await super()


func test_the_buttons_stand_below_the_fields_edge_to_edge() -> void:
	await _at_every_size(_check_buttons)


func test_nothing_moves_when_a_message_comes_however_long_it_is() -> void:
	await _at_every_size(_check_messages)


func test_there_is_no_hole_in_the_card() -> void:
	await _at_every_size(_check_card)


func test_buttons_in_large_letters_stay_inside_the_card() -> void:
	_screen.theme = Theme.new()
	_screen.theme.default_font_size = 30
	await _at_every_size(_check_buttons)


func test_every_state_can_be_looked_at() -> void:
	await _at_every_size(_keep_pictures)


func _check_buttons(where: String) -> void:
	_screen.set_online(true, "Connected")
	_screen.show_status("")
	await frames(3)
	var field: Rect2 = _part("LineEdit_Username").get_global_rect()
	var first: Rect2 = _part("Button_Login").get_global_rect()
	var last: Rect2 = _part("Button_Register").get_global_rect()
	_check_near(first.position.x, field.position.x, "%s: the left edge" % where)
	_check_near(last.end.x, field.end.x, "%s: the right edge" % where)
	check(absf(first.size.x - last.size.x) <= 1.0, "%s: one button is wider" % where)
	check(first.position.y > _part("LineEdit_Password").get_global_rect().end.y, where)


func _check_messages(where: String) -> void:
	_screen.set_online(true, "Connected")
	_screen.show_status("")
	await frames(4)
	var before: Array[Rect2] = _places()
	for message: String in ["Enter a username", LONG, ""]:
		_screen.show_status(message, LoginScreen.Tone.ERROR)
		await frames(4)
		_check_same(before, "%s: '%s'" % [where, message])
	# A low screen has no room to spare for a countdown.
	if tree.root.get_visible_rect().size.y < 480.0:
		return
	for cause: String in ["server_unreachable", "unknown_host", "not_secure", "wrong_server"]:
		_screen.set_online(false, _countdown(cause), true)
		await frames(4)
		_check_same(before, "%s: %s" % [where, cause])


func _check_same(before: Array[Rect2], when: String) -> void:
	var now: Array[Rect2] = _places()
	for i: int in before.size():
		_check_near(now[i].position.y, before[i].position.y, when)
		_check_near(now[i].size.x, before[i].size.x, when)


func _places() -> Array[Rect2]:
	var places: Array[Rect2] = []
	for part: String in ["LineEdit_Username", "LineEdit_Password", "Button_Login"]:
		places.append(_part(part).get_global_rect())
	return places


func _countdown(cause: String) -> String:
	var text: String = _screen.tr_n("%s. Next try in %d second.", "%s. Next try in %d seconds.", 12)
	return text % [LonghallText.of_disconnect(cause), 12]


# The last words on the card stand right below the buttons.
func _check_card(where: String) -> void:
	for message: String in ["", "Enter a username"]:
		_screen.set_online(true, "Connected")
		_screen.show_status(message, LoginScreen.Tone.ERROR)
		await frames(4)
		var last: Control = _part("Label_Connection" if message.is_empty() else "Label_Status")
		var above: float = _part("Button_Login").get_global_rect().end.y
		var gap: float = last.get_global_rect().get_center().y - above
		check(gap > 0.0 and gap < 48.0, "%s: %.0f pixels below the buttons" % [where, gap])
		var form: Rect2 = _part("VBoxContainer").get_global_rect()
		var rest: float = form.end.y - last.get_global_rect().end.y
		check(rest < 16.0, "%s: %.0f pixels below what is written" % [where, rest])


func _keep_pictures(where: String) -> void:
	var folder: String = Arguments.value_of("out", "")
	for state: String in ["usual", "error", "success", "busy", "offline", "resuming"]:
		_screen.set_resuming("Ada" if state == "resuming" else "")
		_screen.set_online(state != "offline", "Connected")
		_screen.show_status("")
		match state:
			"error":
				_screen.show_denied("forbidden_character", "", "username")
			"success":
				_screen.show_status(
					"Registration successful. Log in with your new account.",
					LoginScreen.Tone.SUCCESS
				)
			"busy":
				_screen.show_status("Logging in…")
				_screen.set_busy(true)
			"offline":
				_screen.set_online(false, _countdown("wrong_server"), true)
		await frames(4)
		for part: String in ["Button_Login", "Label_Connection", "Label_Status"]:
			if _part(part).is_visible_in_tree():
				var window := Rect2(Vector2.ZERO, tree.root.get_visible_rect().size)
				var area: Rect2 = _part(part).get_global_rect()
				check(window.grow(0.5).encloses(area), "%s %s: %s" % [where, state, part])
		if not folder.is_empty():
			await RenderingServer.frame_post_draw
			var image: Image = tree.root.get_texture().get_image()
			image.save_png(folder.path_join("%s_%s.png" % [where.replace(" ", "_"), state]))
		_screen.set_busy(false)


func _at_every_size(check_it: Callable) -> void:
	for language: String in LANGUAGES:
		TranslationServer.set_locale(language)
		for window: Array in WINDOWS:
			var size: Vector2i = window[0]
			var scale: float = window[1]
			tree.root.content_scale_factor = scale
			tree.root.min_size = Vector2i.ZERO
			tree.root.size = size
			await frames(4)
			await check_it.call("%dx%d %s" % [size.x, size.y, language])


func _check_near(actual: float, expected: float, what: String) -> void:
	check(absf(actual - expected) < 1.0, "%s is at %.1f, not %.1f" % [what, actual, expected])


func _part(part: String) -> Control:
	return _screen.get_node("%" + part)
