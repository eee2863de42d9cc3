extends "evening_case.gd"
## The troll wants another's name, floods, is muted and banned, and comes back.

## Names in which a letter is of another script.
const LOOK_ALIKES: PackedStringArray = ["\u0410da", "\u0410dmin", "Lоbby", "Syst\u0435m"]
const PILE: String = "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324"
const TURNED: String = "\u202eyas ot gnihton"


func test_the_troll_does_what_trolls_do() -> void:
	await open_game()
	await wait_for_note("ada is in")
	for name: String in LOOK_ALIKES:
		await fill_form(name, PASSWORD)
		await input.click(game.control("Button_Register"))
		await wait_for_status("This username is already taken")
	await fill_form(TROLL, PASSWORD)
	await input.click(game.control("Button_Register"))
	await wait_until_in(TROLL)
	await wait_for_note("the warden keeps order")
	await _shout()
	pin("the troll has shouted")
	await wait_for_note("the troll is reported")
	await _flood()
	pin("the troll has flooded the lobby")
	await wait_for_note("the troll is muted")
	await wait_for_line("You may not say anything until ")
	check(game.chat_log().contains(": Shouting"), "nobody says why")
	await say("Let me speak")
	await wait_until(func() -> bool: return not refusal().is_empty(), "the refusal")
	check(not game.chat_log().contains("Let me speak"), "the troll speaks")
	pin("the troll has tried to speak")
	await _come_back()


# Texts that nobody shall see, and the same again and again.
func _shout() -> void:
	for text: String in [PILE, TURNED]:
		var denied: NetworkRequest = await game.client.send_chat(text).completed
		check_equal(denied.code, "forbidden_character", "the code for " + text.c_escape())
	await say_and_see(ADVERTISEMENT)
	for i: int in 2:
		await game.client.send_chat(ADVERTISEMENT).completed
	var repeated: NetworkRequest = await game.client.send_chat(ADVERTISEMENT).completed
	check_equal(repeated.code, "repeated", "the code for the fourth time")


# More than anybody can say.
func _flood() -> void:
	var codes: PackedStringArray = []
	var requests: Array[NetworkRequest] = []
	for i: int in 200:
		requests.append(game.client.send_chat("AND AGAIN %d" % i))
	for request: NetworkRequest in requests:
		if not request.is_completed:
			await request.completed
		if request.code not in codes:
			codes.append(request.code)
	check("rate_limited" in codes, "200 lines at once: %s" % codes)


func _come_back() -> void:
	var is_out := func() -> bool: return game.login_screen() != null
	await wait_until(is_out, "the ban")
	await wait_for_status("You are banned from this server until ")
	check(game.status().ends_with(": Shouting again"), "why: " + game.status())
	await input.click(game.control("Button_Retry"))
	await wait_until(can_log_in, "the connection")
	var codes: Array[String] = []
	var note := func(code: String, _reason: String) -> void: codes.append(code)
	game.client.login_denied.connect(note)
	game.client.register_denied.connect(note)
	await log_in(TROLL, PASSWORD)
	await wait_until(func() -> bool: return codes == ["banned"], "the refusal of a login")
	await wait_until(can_log_in, "the form")
	check(game.status().begins_with("You are banned"), "why: " + game.status())
	await fill_form("Trudy", PASSWORD)
	await input.click(game.control("Button_Register"))
	await wait_until(func() -> bool: return codes == ["banned", "banned"], "no other name")
	await frames(2)
	print("* the troll reads: ", game.status())
	pin("the troll is out")
