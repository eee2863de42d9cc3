extends "res://tests/test_case.gd"
## Room for the keyboard that a phone lays over the window, wherever the screens are.

const LOGIN: PackedScene = preload("res://addons/longhall/scenes/login/login.tscn")
const CHATBOX: PackedScene = preload("res://addons/longhall/scenes/chatbox/chatbox.tscn")

var _height: int = 0
var _mode: Window.ContentScaleMode


func set_up() -> void:
	_mode = tree.root.content_scale_mode
	tree.root.content_scale_mode = Window.CONTENT_SCALE_MODE_DISABLED
	tree.root.min_size = Vector2i.ZERO
	tree.root.size = Vector2i(360, 640)
	await frames(2)


func tear_down() -> void:
	tree.root.content_scale_factor = 1.0
	tree.root.content_scale_mode = _mode
	await super()


func test_what_is_typed_in_the_chat_stays_in_sight() -> void:
	var chatbox: Chatbox = CHATBOX.instantiate()
	await _add_phone(chatbox)
	for i: int in 40:
		chatbox.show_line("lobby", "ben", "line %d" % i, 0)
	var chat: ChatLog = chatbox.get_log("lobby")
	await wait_until(chat.is_written, "the lines")
	var line_edit: Control = chatbox.get_node("%LineEdit")
	var before: float = line_edit.get_global_rect().end.y
	for scale: float in [1.0, 1.5]:
		tree.root.content_scale_factor = scale
		_height = 300
		await frames(4)
		var edge: float = (640.0 - 300.0) / scale
		check(line_edit.get_global_rect().end.y <= edge, "the input is under the keyboard")
		check(line_edit.get_global_rect().end.y > edge - 30.0, "the input is far above it")
		check(chat.is_at_end(), "the newest line is out of sight")
		check(absf(chatbox.size.y - 640.0 / scale) < 0.1, "the screen itself is lower")
		_height = 0
		await frames(4)
	tree.root.content_scale_factor = 1.0
	await frames(4)
	check_equal(line_edit.get_global_rect().end.y, before, "the input without a keyboard")


func test_the_list_of_channels_stays_in_sight() -> void:
	var chatbox: Chatbox = CHATBOX.instantiate()
	await _add_phone(chatbox)
	_height = 300
	chatbox.call(&"_on_button_channels_pressed")
	await frames(4)
	var card: Control = chatbox.get_node("%Card_Channels")
	check(card.get_global_rect().end.y <= 340.0, "it ends at %.1f" % card.get_global_rect().end.y)


func test_the_field_of_the_login_stays_in_sight() -> void:
	var screen: LoginScreen = LOGIN.instantiate()
	await _add_phone(screen)
	var before: float = _part(screen, "LineEdit_Username").global_position.y
	for height: int in [300, 480]:
		_height = height
		await frames(4)
		for field: String in ["LineEdit_Username", "LineEdit_Password", "Button_Register"]:
			_part(screen, field).grab_focus()
			await frames(4)
			var area: Rect2 = _part(screen, field).get_global_rect()
			check(area.end.y <= 640.0 - height, "%s ends at %.1f" % [field, area.end.y])
			check(area.position.y >= 0.0, "%s begins at %.1f" % [field, area.position.y])
	_height = 0
	await frames(4)
	_part(screen, "LineEdit_Username").grab_focus()
	await frames(4)
	check_equal(_part(screen, "LineEdit_Username").global_position.y, before, "the form, then")


func test_a_screen_above_the_keyboard_stays_as_it_is() -> void:
	var around := Control.new()
	around.size = Vector2(360.0, 320.0)
	var chatbox: Chatbox = CHATBOX.instantiate()
	around.add_child(chatbox)
	chatbox.wire_to_client = false
	await add(around)
	_lay_keyboard_over(chatbox)
	_height = 300
	await frames(4)
	check_equal(chatbox.keyboard_height, 0.0, "what is covered")
	around.position.y = 100.0
	await frames(4)
	check_equal(chatbox.keyboard_height, 80.0, "what is covered further down")
	chatbox.make_room_for_keyboard = false
	await frames(4)
	check_equal(chatbox.keyboard_height, 0.0, "what is covered for a game that cares itself")
	var line_edit: Control = chatbox.get_node("%LineEdit")
	check(line_edit.get_global_rect().end.y > 380.0, "the input gives way nevertheless")


func _add_phone(screen: LonghallScreen) -> void:
	screen.wire_to_client = false
	await add(screen)
	_lay_keyboard_over(screen)


# As the engine's own measure, which is 0 on a machine without such a keyboard.
func _lay_keyboard_over(screen: LonghallScreen) -> void:
	var room: Node = screen.get_child(-1, true)
	room.set(&"measure", func() -> int: return _height)
	room.set_process(true)


func _part(screen: LonghallScreen, part_name: String) -> Control:
	return screen.get_node("%" + part_name)
