extends "ticket_case.gd"
## Mallory, who writes into her ticket that she is an admin.


func test_mallory_is_refused_with_a_ticket_of_her_own_making() -> void:
	await log_in("Mallory")
	var parts: PackedStringArray = (await ticket()).split(".")
	var claims: String = Marshalls.base64_to_utf8(_padded(parts[1]))
	check(claims.contains('"role":"player"'), "no role in " + claims)
	var forged: String = claims.replace('"role":"player"', '"role":"admin"')
	parts[1] = _bare(Marshalls.utf8_to_base64(forged))
	check_equal(await show(".".join(parts)), "forged", "what Mallory hears")
	check_equal(await show("I am Ada"), "malformed_ticket", "what Mallory hears then")


static func _padded(text: String) -> String:
	var standard: String = text.replace("-", "+").replace("_", "/")
	return standard + "=".repeat(posmod(-standard.length(), 4))


static func _bare(text: String) -> String:
	return text.replace("+", "-").replace("/", "_").replace("=", "")
