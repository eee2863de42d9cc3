extends "ticket_case.gd"
## Eve, who has a ticket for a server whose name begins alike.


func test_eve_is_refused_with_a_ticket_for_another_server() -> void:
	await log_in("Eve")
	var other: String = await ticket(AUDIENCE + "0")
	check_equal(await show(other), "wrong_audience", "what Eve hears")
