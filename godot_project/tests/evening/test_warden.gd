extends "evening_case.gd"
## The warden keeps order: the operator has made a moderator of this account.


func test_the_warden_mutes_deletes_bans_and_closes_the_report() -> void:
	await come_in("Warden")
	pin("the warden is in")
	var button: Button = game.control("Button_Reports")
	await wait_until(func() -> bool: return button.is_visible_in_tree(), "the queue")
	check_equal(game.client.get_server_role(), "moderator", "the role")
	pin("the warden keeps order")
	await wait_for_note("the troll has flooded the lobby")
	await wait_until(func() -> bool: return button.text == "1", "the report")
	await input.click(button)
	await wait_until(func() -> bool: return _row() != null, "the report in the list")
	await input.click(_row())
	await wait_until(func() -> bool: return _kept().contains(ADVERTISEMENT), "the line as it was")
	check(_facts().contains("Reported by Ada"), "who reported: " + _facts())
	await input.press(KEY_ESCAPE)
	await say("/mute %s 10m Shouting" % TROLL)
	pin("the troll is muted")
	await wait_for_note("the troll has tried to speak")
	await say("/purge %s 1h" % TROLL)
	var is_gone := func() -> bool: return not game.chat_log().contains(ADVERTISEMENT)
	await wait_until(is_gone, "the lines are gone")
	await say("/ban %s 1d Shouting again" % TROLL)
	await wait_for_note("the troll is out")
	pin("the troll is banned")
	await input.click(button)
	await wait_until(func() -> bool: return _row() != null, "the report in the list")
	await input.click(_row())
	await wait_until(func() -> bool: return _kept().contains(ADVERTISEMENT), "the line is kept")
	await input.click(_queue().get_node("%LineEdit_Note") as Control)
	await input.type("Thank you, Ada")
	await input.click(_queue().get_node("%Button_Acted") as Control)
	await wait_until(func() -> bool: return button.text == "0", "the report is closed")
	await wait_for_note("ada has heard of it")


func _queue() -> Control:
	return game.control("ReportQueue")


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


func _facts() -> String:
	var facts: Label = _queue().get_node("%Label_Facts")
	return facts.text
