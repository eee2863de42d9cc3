extends "ticket_case.gd"
## Rosa, who gives her ticket to somebody else once she is in.


func test_rosa_is_let_in_once() -> void:
	await log_in("Rosa")
	var once: String = await ticket()
	check_equal(await show(once), "joined", "what Rosa hears")
	game.leave()
	check_equal(await show(once), "used", "what Rosa hears then")
