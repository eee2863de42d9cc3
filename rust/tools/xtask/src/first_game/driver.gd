extends Node
## Plays the game as somebody called --name: in by the login, into the arena by the button, a walk
## to the right, and a word with whoever else comes.

const FRAMES: int = 60 * 60
const WALK_FRAMES: int = 30

var _frames: int = 0


func _process(_delta: float) -> void:
	_frames += 1
	if _frames > FRAMES:
		push_error("the game goes on for too long")
		get_tree().quit(1)


func _ready() -> void:
	var me: String = _argument("name")
	var game: Node = (load("res://game.tscn") as PackedScene).instantiate()
	var client: NetworkClient = game.get_node("NetworkClient")
	client.url = _argument("server")
	add_child(game)
	await client.connected
	var registered: NetworkRequest = await client.register(me, "correct horse").completed
	_expect(registered.ok, "registered: " + registered.reason)
	var login: NetworkRequest = await client.login(me, "correct horse").completed
	_expect(login.ok, "logged in: " + login.reason)
	var play: Button = game.get_node("Screens/Lobby/Play")
	await _until(play.is_visible_in_tree)
	play.pressed.emit()

	var overlay: ChatOverlay = game.get_node("Screens/Overlay")
	var arena: Node = game.get_node("Arena")
	await _until(func() -> bool: return arena.get_child_count() == 2)
	await _until(func() -> bool: return overlay.channel in client.get_channels())
	_expect(overlay.channel.begins_with("match-"), "in the match's channel")
	var avatar: Node2D = arena.get_node(me)
	var from: Vector2 = avatar.position
	Input.action_press("ui_right")
	for _frame: int in WALK_FRAMES:
		await get_tree().process_frame
	Input.action_release("ui_right")
	_expect(avatar.position.x > from.x, "walked to the right")

	var other: Node2D = arena.get_child(1 if arena.get_child(0) == avatar else 0)
	var bubble: LonghallBubble = other.get_child(1)
	overlay.start_typing("hello from " + me)
	var enter := InputEventKey.new()
	enter.keycode = KEY_ENTER
	enter.physical_keycode = KEY_ENTER
	enter.pressed = true
	Input.parse_input_event(enter)
	await _until(func() -> bool: return bubble.text == "hello from " + bubble.username)
	print("played")
	client.disconnect_from_server()
	get_tree().quit()


func _until(is_so: Callable) -> void:
	while not is_so.call():
		await get_tree().process_frame


func _expect(is_so: bool, what: String) -> void:
	if not is_so:
		push_error("not " + what)
		get_tree().quit(1)


func _argument(named: String) -> String:
	for argument: String in OS.get_cmdline_user_args():
		if argument.begins_with("--%s=" % named):
			return argument.get_slice("=", 1)
	return ""
