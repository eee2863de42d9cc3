extends "ticket_case.gd"
## Bob, who plays.


func test_bob_is_let_in() -> void:
	await log_in("Bob")
	check_equal(await show(await ticket()), "joined", "what Bob hears")
	await wait_for_note("both are in")
	game.leave()
