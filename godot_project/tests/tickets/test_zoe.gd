extends "ticket_case.gd"
## Zoe, who comes too late.

## What a server adds for clocks that differ.
const LEEWAY: float = 10.0

var _expires_at: float = 0.0


func test_zoe_is_refused_with_a_ticket_that_is_over() -> void:
	await log_in("Zoe")
	client.ticket_received.connect(
		func(_ticket: String, expires_at: float) -> void: _expires_at = expires_at
	)
	var late: String = await ticket()
	check(_expires_at > Time.get_unix_time_from_system(), "over at once")
	var end: float = _expires_at + LEEWAY
	await until(func() -> bool: return Time.get_unix_time_from_system() >= end, "its end")
	check_equal(await show(late), "expired", "what Zoe hears")
