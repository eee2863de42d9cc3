extends Node
## Plays the game as somebody called --name: in by the login, into the arena by the button, a walk
## to the right, and a word with whoever else comes. With --moves=yes then once more, on another
## device.

const PASSWORD: String = "correct horse"
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
	var game: Node = await _open_game()
	var client: NetworkClient = game.get_node("NetworkClient")
	var registered: NetworkRequest = await client.register(me, PASSWORD).completed
	_expect(registered.ok, "registered: " + registered.reason)
	await _enter_arena(game, me)

	var arena: Node = game.get_node("Arena")
	var avatar: Node2D = arena.get_node(me)
	var from: Vector2 = avatar.position
	Input.action_press("ui_right")
	for _frame: int in WALK_FRAMES:
		await get_tree().process_frame
	Input.action_release("ui_right")
	_expect(avatar.position.x > from.x, "walked to the right")

	var other: String = arena.get_child(1 if arena.get_child(0) == avatar else 0).name
	var heard: String = "hello to "
	_say(game, "hello from " + me)
	await _hear(game, other, ["hello from " + other, heard + me])
	_say(game, heard + other)
	if _argument("moves") == "yes":
		await _hear(game, other, [heard + me])
		await _move(game, me)
	else:
		await _hear(game, other, ["again from " + other])
		_expect(arena.get_child_count() == 2, "one avatar of each")
	print("played")
	client.disconnect_from_server()
	get_tree().quit()


# The same player, on another device, until the other one has heard it and is gone.
func _move(old_game: Node, me: String) -> void:
	var game: Node = await _open_game()
	await _enter_arena(game, me)
	var message: Label = old_game.get_node("Screens/Lobby/Message")
	await _until(message.is_visible_in_tree)
	_expect(message.text == "You play on another device", "let go: " + message.text)
	await _until(func() -> bool: return old_game.get_node("Arena").get_child_count() == 0)
	_say(game, "again from " + me)
	await _until(func() -> bool: return game.get_node("Arena").get_child_count() == 1)


# Until one of these stands over somebody's avatar, which may be made anew meanwhile.
func _hear(game: Node, who: String, texts: Array[String]) -> void:
	var arena: Node = game.get_node("Arena")
	await _until(
		func() -> bool:
			var avatar: Node = arena.get_node_or_null(who)
			return avatar != null and (avatar.get_child(1) as LonghallBubble).text in texts
	)


func _open_game() -> Node:
	var game: Node = (load("res://game.tscn") as PackedScene).instantiate()
	var client: NetworkClient = game.get_node("NetworkClient")
	client.url = _argument("server")
	add_child(game)
	await client.connected
	return game


# In by the login, and by the button.
func _enter_arena(game: Node, me: String) -> void:
	var client: NetworkClient = game.get_node("NetworkClient")
	var login: NetworkRequest = await client.login(me, PASSWORD).completed
	_expect(login.ok, "logged in: " + login.reason)
	var play: Button = game.get_node("Screens/Lobby/Play")
	await _until(play.is_visible_in_tree)
	play.pressed.emit()

	var overlay: ChatOverlay = game.get_node("Screens/Overlay")
	var arena: Node = game.get_node("Arena")
	await _until(func() -> bool: return arena.get_child_count() == 2)
	await _until(func() -> bool: return overlay.channel in client.get_channels())
	_expect(overlay.channel.begins_with("match-"), "in the match's channel")


func _say(game: Node, text: String) -> void:
	var overlay: ChatOverlay = game.get_node("Screens/Overlay")
	overlay.start_typing(text)
	var enter := InputEventKey.new()
	enter.keycode = KEY_ENTER
	enter.physical_keycode = KEY_ENTER
	enter.pressed = true
	Input.parse_input_event(enter)


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
