extends "res://tests/wiring_case.gd"
## Order kept from the menus of the chatbox: who is offered what, what is asked before it is
## done, and what the others hear of it.

const Order := preload("res://addons/longhall/scenes/chatbox/order.gd")
const Roster := preload("res://addons/longhall/scenes/chatbox/roster.gd")

## What a player is offered with somebody else's line.
const USUAL: Array[String] = [
	"Copy",
	"Select all",
	"Mention mallory",
	"Whisper to mallory",
	"Block mallory",
	"Report mallory…",
]

var _ada: NetworkClient
var _mallory: NetworkClient
## What mallory hears, a sentence each.
var _heard: Array[String] = []


func set_up() -> void:
	super()
	_server.add_account("mallory", PASSWORD)
	_ada = _client()
	await _open(_ada)
	await _log_in(_ada, "ada")
	await wait_until(func() -> bool: return _chatbox.visible, "the chatbox")
	_mallory = await _other("mallory")
	_mallory.sanctioned.connect(_on_mallory_sanctioned)
	_mallory.sanction_lifted.connect(
		func(sanction: String, channel: String) -> void:
			_heard.append("%s lifted in '%s'" % [sanction, channel])
	)


func tear_down() -> void:
	await super()
	TranslationServer.set_locale("en")


func test_a_player_is_offered_nothing_that_keeps_order() -> void:
	await _say_as_mallory("rubbish")
	await _open_line_menu("rubbish")
	check_equal(_items(), USUAL, "what a player is offered")
	check(not _part("Icon_Role").visible, "the header shows a role")


func test_a_moderator_mutes_from_the_menu_of_a_line_and_lifts_it_there() -> void:
	await _become("moderator")
	await _say_as_mallory("rubbish")
	await _open_line_menu("rubbish")
	var offered: Array[String] = USUAL.duplicate()
	offered.insert(2, "Delete this message")
	offered.append_array(["", "Mute mallory…", "Kick mallory…", "Ban mallory…", "Delete messages…"])
	check_equal(_items(), offered, "what a moderator is offered")
	await _choose("Mute mallory…")
	check_equal(_label("Label_Title").text, "Mute mallory", "the title")
	check_equal(_places(), ["On the whole server", "In lobby"] as Array[String], "where")
	await _select("Options_Length", "1 hour")
	await input.click(_dialog_part("LineEdit_Reason"))
	await input.type("Spam")
	await input.press(KEY_ENTER)
	await wait_until(func() -> bool: return not _dialog().visible, "the dialog closes")
	await wait_until(func() -> bool: return _heard.size() == 1, "what mallory hears")
	check_equal(_heard[0], "mute in '' for 60 minutes: Spam", "what mallory hears")
	await _wait_for_line(_chatbox, "mallory is muted until ")
	await _open_line_menu("rubbish")
	check_equal(_items().back(), "Unmute mallory", "the last that is offered")
	await _choose("Unmute mallory")
	await wait_until(func() -> bool: return _heard.size() == 2, "that it is lifted")
	check_equal(_heard[1], "mute lifted in ''", "what mallory hears then")
	await _wait_for_line(_chatbox, "mallory may speak again")
	await _open_line_menu("rubbish")
	check(not "Unmute mallory" in _items(), "what is lifted can be lifted")
	(_chatbox.get_node("%LineMenu") as PopupMenu).hide()
	var is_over: Array[Dictionary] = [
		{"sanction": "mute", "channel": "", "until_ms": 1000, "reason": "Spam"}
	]
	(_chatbox.get_node("%Order") as Order).set_standing("mallory", is_over)
	await _open_line_menu("rubbish")
	check(not "Unmute mallory" in _items(), "what is over can be lifted")


func test_a_ban_asks_once_more_by_name_and_is_lifted_from_the_dialog() -> void:
	await _become("moderator")
	await _say_as_mallory("rubbish")
	var ended: Array[String] = []
	_mallory.disconnected.connect(
		func(reason: String, _retry: bool, _seconds: float) -> void: ended.append(reason)
	)
	await _open_line_menu("rubbish")
	await _choose("Ban mallory…")
	await _select("Options_Length", "1 day")
	await input.click(_dialog_part("Button_Do"))
	check_equal(_label("Label_Title").text, "Ban mallory from this server?", "what is asked")
	check(_label("Label_Effect").text.begins_with("1 day\n"), "what was chosen is not told")
	check(_dialog_part("Button_Cancel").has_focus(), "Enter bans at once")
	await input.press(KEY_ESCAPE)
	check(_dialog().visible, "Escape closes more than the question")
	check_equal(_label("Label_Title").text, "Ban mallory", "the title after Escape")
	check(ended.is_empty(), "banned without an answer")
	await input.click(_dialog_part("Button_Do"))
	await input.click(_dialog_part("Button_Do"))
	await wait_until(func() -> bool: return ended == ["banned"], "the ban")
	await _wait_for_line(_chatbox, "mallory is banned from this server until ")
	# Another moderator's screen knows nothing of it yet.
	(_chatbox.get_node("%Order") as Order).set_standing("mallory", [])
	await _open_line_menu("rubbish")
	check(not "Unban mallory" in _items(), "the ban is known")
	await _choose("Ban mallory…")
	await wait_until(_dialog_part("Row_Standing").is_visible_in_tree, "what stands")
	var standing: String = _label("Label_Standing").text
	check(standing.begins_with("mallory is banned from this server until "), standing)
	await input.click(_dialog_part("Button_Lift"))
	await _wait_for_line(_chatbox, "mallory may come in again")
	await _mallory.connect_to_server().completed
	var login: NetworkRequest = await _mallory.login("mallory", PASSWORD).completed
	check(login.ok, "still banned: " + login.reason)


func test_an_operator_kicks_from_the_roster_by_keyboard_in_that_channel_alone() -> void:
	await _ada.create_channel("trade").completed
	await _mallory.join_channel("trade").completed
	_chatbox.current_channel = "trade"
	await frames(2)
	await input.click(_part("Button_Roster"))
	var tree_of_names: Tree = _part("Tree_Roster")
	var is_listed := func() -> bool: return _row_of("mallory") != null
	await wait_until(is_listed, "mallory in the roster")
	tree_of_names.grab_focus()
	_row_of("mallory").select(0)
	await input.press(KEY_ENTER)
	await _choose("Kick mallory…")
	check(not _dialog_part("Options_Place").visible, "an operator chooses where")
	check(not _dialog_part("Options_Length").visible, "a kick has a length")
	check(_label("Label_Effect").text.contains("taken out of the channel"), "what it does")
	check(_dialog_part("LineEdit_Reason").has_focus(), "the focus")
	await input.type("Later")
	await input.press(KEY_ENTER)
	await wait_until(func() -> bool: return _heard.size() == 1, "what mallory hears")
	check_equal(_heard[0], "kick in 'trade' for 0 minutes: Later", "what mallory hears")
	check(not "trade" in _mallory.get_channels(), "mallory is in the channel")
	_chatbox.current_channel = "lobby"
	await _say_as_mallory("rubbish")
	await _open_line_menu("rubbish")
	check_equal(_items(), USUAL, "what an operator is offered elsewhere")


func test_a_moderator_deletes_one_line_and_all_of_them() -> void:
	await _become("moderator")
	for text: String in ["rubbish", "more of it", "and more"]:
		await _say_as_mallory(text)
	await _open_line_menu("rubbish")
	await _choose("Delete this message")
	check_equal(_items()[0], "Delete this message of mallory?", "what is asked")
	await _choose("Delete")
	await wait_until(func() -> bool: return _times_shown(_chatbox, "rubbish") == 0, "it is gone")
	check_equal(_times_shown(_chatbox, "and more"), 1, "the other line")
	await _open_line_menu("and more")
	await _choose("Delete messages…")
	check(not _dialog_part("LineEdit_Reason").visible, "a reason is asked for")
	await _select("Options_Length", "All")
	await input.click(_dialog_part("Button_Do"))
	check_equal(
		_label("Label_Title").text, "Delete what mallory said, in all channels?", "what is asked"
	)
	await input.click(_dialog_part("Button_Do"))
	await wait_until(func() -> bool: return _times_shown(_chatbox, "and more") == 0, "all is gone")
	await _wait_for_line(_chatbox, "2 messages of mallory are deleted")


func test_a_refusal_keeps_the_dialog_and_what_was_typed() -> void:
	await _become("moderator")
	await _say_as_mallory("rubbish")
	await _open_line_menu("rubbish")
	await _choose("Kick mallory…")
	await input.type("x".repeat(250))
	var reason: LineEdit = _dialog_part("LineEdit_Reason")
	check_equal(reason.text.length(), 200, "characters of a reason")
	_server.deny_next("sanction", "not_allowed")
	await input.press(KEY_ENTER)
	await wait_until(func() -> bool: return _label("Label_Status").visible, "why not")
	check_equal(_label("Label_Status").text, "You may not do this here", "why not")
	check(_dialog().visible and reason.text.length() == 200, "what was typed is gone")
	await input.press(KEY_ESCAPE)
	check(not _dialog().visible, "Escape leaves it open")
	check((_chatbox.get_node("%LineEdit") as Control).has_focus(), "the focus is not in the input")


func test_who_keeps_order_is_marked_in_the_roster_and_in_the_header() -> void:
	_server.set_server_role("mallory", "moderator")
	await input.click(_part("Button_Roster"))
	await wait_until(func() -> bool: return _row_of("mallory") != null, "mallory in the roster")
	await wait_until(_is_marked.bind("mallory"), "the mark of a moderator")
	check_equal(_row_of("mallory").get_tooltip_text(1), "Moderator of this server", "its title")
	check(not _is_marked("ada"), "a player has a mark")
	await _mallory.set_presence("away", "tea").completed
	await wait_until(func() -> bool: return _row_of("mallory").get_child_count() == 1, "the tea")
	check(_is_marked("mallory"), "who is away has lost the mark")
	await _say_as_mallory("order!")
	_server.set_server_role("ada", "admin")
	await wait_until(func() -> bool: return _part("Icon_Role").visible, "the mark in the header")
	check_equal(_part("Icon_Role").tooltip_text, "Admin of this server", "its title")
	await wait_until(_is_marked.bind("ada"), "the mark of an admin")
	await _open_line_menu("order!")
	check("Mute mallory…" in _items(), "an admin cannot mute a moderator")
	(_chatbox.get_node("%LineMenu") as PopupMenu).hide()
	_server.set_server_role("ada", "moderator")
	await wait_until(
		func() -> bool: return _part("Icon_Role").tooltip_text.begins_with("Mod"), "the new mark"
	)
	await _open_line_menu("order!")
	check(not "Mute mallory…" in _items(), "a moderator can mute another")


func test_all_of_it_fits_a_phone() -> void:
	var phone := Rect2(0, 0, 360, 740)
	await _become("admin")
	for language: String in ["de", "en"]:
		tree.root.size = Vector2i(1152, 648)
		TranslationServer.set_locale(language)
		await frames(3)
		tree.root.size = Vector2i(phone.size)
		await frames(3)
		var header: Rect2 = _part("Header").get_global_rect()
		check(phone.encloses(header), "in %s the header is at %s" % [language, header])
	check(_part("Label_You").size.x > 20.0, "the name has no room")
	var long_name: String = "a_name_of_20_letters"
	(_chatbox.get_node("%Order") as Order).ask(long_name, "ban")
	await frames(3)
	for once_more: bool in [false, true]:
		var card: Rect2 = _dialog_part("Card").get_global_rect()
		check(phone.encloses(card), "the card is at %s" % card)
		await input.click(_dialog_part("Button_Do"))
		await frames(3)


func _other(name: String) -> NetworkClient:
	var client: NetworkClient = _client()
	var around := Node.new()
	around.add_child(client)
	await add(around)
	await _log_in(client, name)
	return client


func _become(role: String) -> void:
	_server.set_server_role("ada", role)
	await wait_until(func() -> bool: return _part("Icon_Role").visible, "the role")


func _say_as_mallory(text: String) -> void:
	await _mallory.send_chat(text).completed
	await _wait_for_line(_chatbox, text)
	await frames(2)


func _on_mallory_sanctioned(sanction: Dictionary) -> void:
	var minutes: float = 0.0
	if sanction["until_ms"] > 0:
		var until_ms: float = sanction["until_ms"]
		minutes = (until_ms / 1000.0 - Time.get_unix_time_from_system()) / 60.0
	_heard.append(
		(
			"%s in '%s' for %d minutes: %s"
			% [sanction["sanction"], sanction["channel"], roundi(minutes), sanction["reason"]]
		)
	)


func _open_line_menu(text: String) -> void:
	var chat_log: ChatLog = _chatbox.get_log(_chatbox.current_channel)
	var paragraph: int = 0
	for i: int in chat_log.get_paragraph_count():
		if chat_log.get_parsed_text().get_slice("\n", i).contains(text):
			paragraph = i
	var down: float = chat_log.top_of_lines() + chat_log.get_paragraph_offset(paragraph) + 8.0
	down -= chat_log.get_v_scroll_bar().value
	await input.click_at(chat_log, Vector2(120.0, down), MOUSE_BUTTON_RIGHT)
	await frames(1)


func _items() -> Array[String]:
	var menu: PopupMenu = _chatbox.get_node("%LineMenu")
	var found: Array[String] = []
	for i: int in menu.item_count:
		found.append(menu.get_item_text(i))
	return found


func _choose(text: String) -> void:
	var menu: PopupMenu = _chatbox.get_node("%LineMenu")
	var index: int = _items().find(text)
	check(menu.visible and index >= 0, "there is no %s, but %s" % [text, _items()])
	menu.set_focused_item(index)
	await input.press(KEY_ENTER)
	await frames(2)


func _select(options_name: String, text: String) -> void:
	var options: OptionButton = _dialog_part(options_name)
	await input.click(options)
	await frames(2)
	for i: int in options.item_count:
		if options.get_item_text(i) == text:
			options.get_popup().set_focused_item(i)
			await input.press(KEY_ENTER)
			await frames(2)
	check_equal(options.get_item_text(options.selected), text, "what is selected")


func _places() -> Array[String]:
	var options: OptionButton = _dialog_part("Options_Place")
	var found: Array[String] = []
	for i: int in options.item_count:
		found.append(options.get_item_text(i))
	return found


func _row_of(name: String) -> TreeItem:
	var tree_of_names: Tree = _part("Tree_Roster")
	if tree_of_names.get_root() == null:
		return null
	for row: TreeItem in tree_of_names.get_root().get_children():
		if row.get_metadata(0) != null and row.get_metadata(0) == name:
			return row
	return null


func _is_marked(name: String) -> bool:
	var icon: Texture2D = _row_of(name).get_icon(1)
	return icon in Roster.SERVER_ROLE_ICONS.values()


func _dialog() -> Control:
	return _chatbox.get_node("%SanctionDialog")


func _dialog_part(name: String) -> Control:
	return _dialog().get_node("%" + name)


func _label(name: String) -> Label:
	return _dialog().get_node("%" + name)


func _part(name: String) -> Control:
	return _chatbox.get_node("%" + name)
