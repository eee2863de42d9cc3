extends "evening_case.gd"
## Ada has the hall to herself, until somebody shouts.


func test_ada_reports_a_troll_and_hears_what_comes_of_it() -> void:
	await come_in("Ada")
	pin("ada is in")
	await wait_for_note("the warden keeps order")
	await say_and_see("Good evening!")
	await wait_for_note("the troll has shouted")
	await wait_for_line(ADVERTISEMENT)
	var seen: String = game.chat_log()
	check(not seen.contains("\u202e"), "a line that turns around what follows")
	check(not seen.contains("Z\u0351\u036b"), "a pile of marks")
	await choose("Report %s…" % TROLL, ADVERTISEMENT)
	var dialog: Control = game.control("ReportDialog")
	check(dialog.visible, "no dialog")
	await input.click(dialog.get_node("%LineEdit_Note") as Control)
	await input.type("Shouts all evening")
	await input.click(dialog.get_node("%Button_Report") as Control)
	await wait_for_line("The moderators have your report of %s." % TROLL)
	pin("the troll is reported")
	await wait_for_note("the troll is banned")
	var is_gone := func() -> bool: return not game.chat_log().contains(ADVERTISEMENT)
	await wait_until(is_gone, "the lines are gone")
	await wait_for_line("The moderators have done something about your report of %s." % TROLL)
	await wait_for_line("Thank you, Ada")
	await say_and_see("At last")
	pin("ada has heard of it")
