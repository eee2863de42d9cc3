extends "res://tests/wiring_case.gd"
## Reports: made by a player, worked through by a moderator, and what the player hears of it.

var _ada: NetworkClient
var _warden: NetworkClient
var _log: ChatLog


func set_up() -> void:
	super()
	_server.add_account("warden", PASSWORD)
	_server.add_account("mallory", PASSWORD)
	_server.set_server_role("warden", "moderator")
	_ada = _client()
	await _open(_ada)
	await _log_in(_ada, "ada")
	await wait_until(func() -> bool: return _chatbox.visible, "the chatbox")
	_log = _chatbox.get_log("lobby")


func test_a_line_is_reported_from_its_menu_and_the_player_hears_what_comes_of_it() -> void:
	_warden = await _other("warden")
	_server.say("mallory", "rubbish")
	await _wait_for_line(_chatbox, "rubbish")
	await _report_the_first_line()
	check_equal(_part("Label_Title").text, "Report mallory", "the title")
	check_equal(_part("Label_Quote").text, "“rubbish”", "what is quoted")
	await input.click(_dialog().get_node("%LineEdit_Note") as Control)
	await input.type("Every day")
	await input.click(_dialog().get_node("%Button_Report") as Control)
	await wait_until(func() -> bool: return not _dialog().visible, "the dialog closes")
	await _wait_for_line(_chatbox, "The moderators have your report of mallory.")
	var reports: Array[Dictionary] = await _queue_of(_warden)
	check_equal(reports.size(), 1, "reports that wait")
	check_equal(reports[0]["text"], "Every day", "what is said of it")
	check_equal(reports[0]["category"], "harassment", "the category")
	var number: int = reports[0]["report"]
	var read: NetworkRequest = await _warden.read_report(number).completed
	var lines: Array[Dictionary] = read.result
	check_equal(lines[0]["text"], "rubbish", "the line that was kept")
	await _warden.close_report(number, "acted", "Muted for a day.").completed
	await _wait_for_line(
		_chatbox, "The moderators have done something about your report of mallory."
	)
	await _wait_for_line(_chatbox, "Muted for a day.")


func test_a_player_is_reported_by_name_and_a_refusal_keeps_the_dialog() -> void:
	_server.deny_next("report", "too_many_reports")
	_server.say("mallory", "hello")
	await _wait_for_line(_chatbox, "hello")
	var menu: PopupMenu = _chatbox.get_node("%LineMenu")
	var reports: Node = _chatbox.get_node("%Reports")
	menu.call("open", _log, null, "mallory", Vector2(50.0, 50.0))
	await _choose("Report mallory…")
	check(not _part("Label_Quote").visible, "a line is quoted")
	var options: OptionButton = _dialog().get_node("%Options_Category")
	check_equal(options.get_item_text(options.selected), "Offensive name", "the category")
	await input.click(_dialog().get_node("%Button_Report") as Control)
	await wait_until(func() -> bool: return _part("Label_Status").visible, "why not")
	check(_dialog().visible, "the dialog closed")
	await input.click(_dialog().get_node("%Button_Report") as Control)
	await wait_until(func() -> bool: return not _dialog().visible, "the dialog closes")
	check(reports.is_inside_tree(), "the part is gone")


func test_a_moderator_works_through_the_queue_in_the_chatbox() -> void:
	var button: Button = _chatbox.get_node("%Button_Reports")
	check(not button.is_visible_in_tree(), "a player sees the queue")
	_server.set_server_role("ada", "moderator")
	await wait_until(func() -> bool: return button.is_visible_in_tree(), "the button")
	check_equal(button.text, "0", "what waits")
	var ben: NetworkClient = await _other("ben")
	_server.say("mallory", "rubbish")
	await _wait_for_line(_chatbox, "rubbish")
	var filed: NetworkRequest = await ben.report_line("lobby", 1, "spam", "ads").completed
	check(filed.ok, "the report: " + filed.reason)
	var told: Array[String] = []
	ben.report_closed.connect(
		func(_report: int, username: String, outcome: String, text: String) -> void:
			told.append("%s %s %s" % [username, outcome, text])
	)
	await wait_until(func() -> bool: return button.text == "1", "the count")
	await input.click(button)
	await wait_until(func() -> bool: return _row() != null, "the report in the list")
	check_equal(_row().text, "#1  mallory  ·  Spam", "the row")
	await input.click(_row())
	await wait_until(func() -> bool: return _kept().contains("mallory: rubbish"), "the line")
	var facts: Label = _queue().get_node("%Label_Facts")
	check_equal(facts.text, "Reported by ben  ·  in lobby\n“ads”", "what is known")
	await input.click(_queue().get_node("%LineEdit_Note") as Control)
	await input.type("Thank you")
	await input.click(_queue().get_node("%Button_Acted") as Control)
	await wait_until(func() -> bool: return button.text == "0", "the count after")
	await wait_until(func() -> bool: return _kept().contains("No report waits."), "the list")
	await wait_until(func() -> bool: return told.size() == 1, "what ben hears")
	check_equal(told[0], "mallory acted Thank you", "what ben hears")
	await input.click(_queue().get_node("%Button_Done") as Control)
	await wait_until(func() -> bool: return _row() != null, "the closed report")
	await input.press(KEY_ESCAPE)
	await frames(2)
	check(not _queue().visible, "Escape leaves the queue open")
	_server.set_server_role("ada", "player")
	await wait_until(func() -> bool: return not button.visible, "the button is gone")


func test_a_phone_has_room_for_all_that_a_moderator_has() -> void:
	var usual: Vector2i = tree.root.size
	tree.root.size = Vector2i(360, 740)
	TranslationServer.set_locale("de")
	_server.set_server_role("ada", "moderator")
	var button: Button = _chatbox.get_node("%Button_Reports")
	await wait_until(func() -> bool: return button.is_visible_in_tree(), "the button")
	await frames(3)
	check_equal(_chatbox.size.x, 360.0, "the width of the chatbox")
	check(_logout().get_global_rect().end.x <= 360.0, "the way out is beyond the edge")
	tree.root.size = usual
	TranslationServer.set_locale("en")
	await frames(3)


func test_a_queue_that_does_not_come_says_why() -> void:
	_server.set_server_role("ada", "moderator")
	var button: Button = _chatbox.get_node("%Button_Reports")
	await wait_until(func() -> bool: return button.is_visible_in_tree(), "the button")
	_server.deny_next("reports", "not_allowed")
	await input.click(button)
	var status: Label = _queue().get_node("%Label_Status")
	await wait_until(func() -> bool: return status.visible, "why not")
	check_equal(status.text, "You may not do this here", "why not")


func _logout() -> Control:
	return _chatbox.get_node("%Button_Logout")


func _report_the_first_line() -> void:
	var place := Vector2(120.0, _log.top_of_lines() + _log.get_paragraph_offset(_paragraph()) + 8.0)
	await input.click_at(_log, place, MOUSE_BUTTON_RIGHT)
	await frames(1)
	await _choose("Report mallory…")


# Of the line that is reported: the welcome and days are above it.
func _paragraph() -> int:
	for i: int in _log.get_paragraph_count():
		if _log.get_parsed_text().get_slice("\n", i).contains("rubbish"):
			return i
	return 0


func _choose(text: String) -> void:
	var menu: PopupMenu = _chatbox.get_node("%LineMenu")
	for i: int in menu.item_count:
		if menu.get_item_text(i) == text:
			menu.set_focused_item(i)
			await input.press(KEY_ENTER)
			await frames(2)
			return
	check(false, "there is no " + text)


func _other(name: String) -> NetworkClient:
	var client: NetworkClient = _client()
	var around := Node.new()
	around.add_child(client)
	await add(around)
	await _log_in(client, name)
	return client


func _queue_of(client: NetworkClient) -> Array[Dictionary]:
	var listed: NetworkRequest = await client.list_reports().completed
	check(listed.ok, "the queue: " + listed.reason)
	var reports: Array[Dictionary] = listed.result
	return reports


func _dialog() -> Control:
	return _chatbox.get_node("%ReportDialog")


func _queue() -> Control:
	return _chatbox.get_node("%ReportQueue")


func _part(name: String) -> Label:
	return _dialog().get_node("%" + name)


func _row() -> Button:
	for row: Node in _queue().get_node("%Rows").get_children():
		if row is Button:
			return row
	return null


func _kept() -> String:
	var texts: PackedStringArray = []
	for row: Node in _queue().get_node("%Rows").get_children():
		if row is Label:
			texts.append((row as Label).text)
	return "\n".join(texts)
