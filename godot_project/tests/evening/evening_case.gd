extends "res://tests/game_case.gd"
## A player of an evening that several games play at once, each in a process of its own.
##
## Who has done something the others wait for pins a note to the board, a folder that all of
## them see.

const Devices := preload("res://addons/longhall/scenes/account/section_devices.gd")

## Others have to get on first, on a machine that does much else.
const PATIENCE: float = 50.0
const TROLL: String = "Mallory"
## What the troll is reported for.
const ADVERTISEMENT: String = "BUY GOLD at gold.example"
## What Zoe says, of which nothing shall be left.
const SECRET_OF_ZOE: String = "thrice around the old oak of Zennor"
## In place of a line that is deleted.
const TOMBSTONE: String = "message deleted"

const _SPOILT: String = "the evening is spoilt"
const _TRIALS: int = 20

var _board: String = Arguments.value_of("board", "")


## Pins a note to the board.
func pin(note: String) -> void:
	print("* ", note)
	FileAccess.open(_board.path_join(note), FileAccess.WRITE).close()


## Waits until somebody has pinned a note.
func wait_for_note(note: String) -> void:
	var path: String = _board.path_join(note)
	await wait_until(func() -> bool: return FileAccess.file_exists(path), note)


## As in every test, with more patience; without any once something went wrong for anybody.
func wait_until(condition: Callable, what: String, seconds: float = PATIENCE) -> bool:
	var is_over := func() -> bool: return condition.call() or _is_spoilt()
	await super(is_over, what, seconds)
	var holds: bool = condition.call()
	return check(holds, "waited in vain: " + what)


## As in every test; the complaint stands between what the others do.
func check(holds: bool, complaint: String) -> bool:
	if not holds:
		print("! ", complaint)
		FileAccess.open(_board.path_join(_SPOILT), FileAccess.WRITE).close()
	return super(holds, complaint)


## Opens the game, registers from its login screen and is in.
func come_in(name: String) -> void:
	await open_game()
	await fill_form(name, PASSWORD)
	await input.click(game.control("Button_Register"))
	await wait_until_in(name)


func wait_until_in(name: String) -> void:
	await wait_until(func() -> bool: return game.chatbox() != null, "the chatbox of " + name)
	check_equal(game.label("Label_You"), name, "the name in the header")


## Types a line or a command.
func say(text: String) -> void:
	await input.click(game.control("LineEdit"))
	await frames(2)
	await input.type(text)
	await input.press(KEY_ENTER)


## Says a line that the others are to see.
func say_and_see(text: String) -> void:
	await say(text)
	await wait_for_line(text)


func wait_for_line(text: String) -> void:
	var is_there := func() -> bool: return game.chat_log().contains(text)
	await wait_until(is_there, "a line: " + text)


## What the strip above the input says.
func refusal() -> String:
	return game.label("Label_Refusal")


func wait_for_refusal(text: String) -> void:
	await wait_until(func() -> bool: return refusal().contains(text), "a refusal: " + text)


## Chooses an item of the menu of a line, and tries again if the line has just moved on.
func choose(item: String, line: String) -> void:
	var menu: PopupMenu = game.chatbox().get_node("%LineMenu")
	for trial: int in _TRIALS:
		await _open_menu_of(line)
		for i: int in menu.item_count:
			if menu.visible and menu.get_item_text(i) == item:
				menu.set_focused_item(i)
				await input.press(KEY_ENTER)
				await frames(2)
				return
		menu.hide()
		await frames(30)
	check(false, "there is no %s for %s" % [item, line])


func _open_menu_of(text: String) -> void:
	var chat: ChatLog = game.chatbox().get_node("%ChatLog")
	var lines: PackedStringArray = chat.get_parsed_text().split("\n")
	for i: int in lines.size():
		if lines[i].contains(text):
			var top: float = chat.top_of_lines() + chat.get_paragraph_offset(i) + 8.0
			await input.click_at(chat, Vector2(120.0, top), MOUSE_BUTTON_RIGHT)
			await frames(1)
			return


func _is_spoilt() -> bool:
	return FileAccess.file_exists(_board.path_join(_SPOILT))


## Types into a field of a form, in place of what is there.
func fill(field: LineEdit, text: String) -> void:
	field.grab_focus()
	await frames(3)
	await input.click(field)
	await input.press(KEY_A, true)
	await input.type(text)


## Clicks a button of a form, which may have to scroll to it.
func press_button(around: Node, name: String) -> void:
	var button: Button = around.find_child(name, true, false)
	button.grab_focus()
	await frames(3)
	await input.click(button)


## Opens the account screen, if it is not open, and returns the part whose script this is.
func account_section(script: Script) -> Control:
	var account: AccountScreen = game.control("Account")
	if not account.visible:
		await input.click(game.control("Button_Account"))
		# Once they are there, nothing moves under the mouse any more.
		var devices: Control = (await account_section(Devices)).find_child("List", true, false)
		await wait_until(func() -> bool: return devices.get_child_count() > 0, "the devices")
	for found: Node in account.find_children("*", "VBoxContainer", true, false):
		if found.get_script() == script:
			return found
	check(false, "there is no " + script.resource_path)
	return null


## A field of a form.
func field_of(around: Node, name: String) -> LineEdit:
	return around.find_child(name, true, false)
