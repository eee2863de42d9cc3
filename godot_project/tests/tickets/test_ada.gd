extends "ticket_case.gd"
## Ada, who plays.


func test_ada_is_let_in() -> void:
	await log_in("Ada")
	check_equal(await show(await ticket()), "joined", "what Ada hears")
	await wait_for_note("both are in")
	game.leave()
