extends "res://tests/test_case.gd"
## Every code has a sentence, in every language and in the documentation.

const LOGIN: PackedScene = preload("res://addons/longhall/scenes/login/login.tscn")

const PASSWORD: String = "correct horse"
const DOCUMENT: String = "../docs/messages.md"
const LANGUAGES: Array[String] = ["en", "de"]
## Those of [signal NetworkClient.logged_out] alone.
const ENDS_OF_SESSIONS: PackedStringArray = ["logout", "session_expired"]

var _server := LonghallFakeServer.new()
var _client: NetworkClient
var _screen: LoginScreen
var _locale: String
var _games_tables: Array[Translation] = []


func set_up() -> void:
	_locale = TranslationServer.get_locale()
	TranslationServer.set_locale("en")
	_server.add_account("ada", PASSWORD)
	_screen = LOGIN.instantiate()
	_screen.wire_to_client = false
	await add(_screen)
	_client = await _connected_client()


func tear_down() -> void:
	for table: Translation in _games_tables:
		TranslationServer.remove_translation(table)
	TranslationServer.set_locale(_locale)
	LonghallText.refresh()


func test_every_denial_a_player_meets_is_told_in_every_language() -> void:
	var missing: Dictionary[String, bool] = {}
	for code: String in NetworkClient.get_denial_codes():
		missing[code] = true
	for provoke: Callable in [
		_provoke_denials_of_the_server, _provoke_denials_of_texts, _provoke_denials_of_the_node
	]:
		var requests: Array[NetworkRequest] = []
		await provoke.call(requests)
		for request: NetworkRequest in requests:
			missing.erase(request.code)
			_check_told(request)
	check(missing.is_empty(), "nobody provoked %s" % ", ".join(missing.keys()))


func test_every_end_of_a_connection_is_told_in_every_language() -> void:
	for reason: String in NetworkClient.get_disconnect_reasons() + ENDS_OF_SESSIONS:
		_screen.show_ended(reason)
		_check_shown(reason, reason)


func test_every_end_by_the_server_arrives_as_that_sentence() -> void:
	_screen.free()
	_screen = LOGIN.instantiate()
	await add(_screen)
	for reason: String in ["kicked", "banned", "update_required", "protocol_error"]:
		_server.close_in(0.0, reason)
		var sentence: String = LonghallText.of_disconnect(reason)
		var shown: Callable = func() -> bool: return _status() == sentence
		if not await wait_until(shown, sentence):
			check_equal(_status(), sentence, "the status")
		await _client.connect_to_server().completed


func test_the_documentation_has_a_row_for_every_code() -> void:
	var path: String = ProjectSettings.globalize_path("res://").path_join(DOCUMENT)
	var text: String = FileAccess.get_file_as_string(path)
	check(not text.is_empty(), "there is no " + path)
	var ends_at: int = text.find("## Ends of a connection")
	for code: String in NetworkClient.get_denial_codes():
		check(text.left(ends_at).contains("\n| `%s` |" % code), "no row for the denial " + code)
	for reason: String in NetworkClient.get_disconnect_reasons() + ENDS_OF_SESSIONS:
		check(text.substr(ends_at).contains("\n| `%s` |" % reason), "no row for the end " + reason)


func test_limits_and_waiting_times_are_told() -> void:
	var told: Dictionary[String, String] = {
		LonghallText.of_denial("too_long", "", "text", 500):
		"The message must have at most 500 characters",
		LonghallText.of_denial("too_short", "", "username", 3):
		"The username must have at least 3 characters",
		LonghallText.of_denial("rate_limited", "", "", 0, 0.2):
		"Too many tries. Try again in 1 second",
		LonghallText.of_denial("rate_limited", "", "", 0, 90.0):
		"Too many tries. Try again in 90 seconds",
		LonghallText.of_denial("rate_limited", "", "", 0, 3500.0):
		"Too many tries. Try again in 59 minutes",
		LonghallText.of_denial("busy", "", "", 0, 7200.0):
		"The server is busy. Try again in 2 hours",
		LonghallText.of_denial("busy", "", "", 0, 0.0): "The server is busy, try again in a moment",
		LonghallText.of_denial("stolen_hat", "Your hat is gone"): "Your hat is gone",
		LonghallText.of_denial("stolen_hat"): "stolen_hat",
		LonghallText.of_disconnect("stolen_hat"): "The connection ended (stolen_hat)",
	}
	for sentence: String in told:
		check_equal(sentence, told[sentence], "the sentence")


func test_plurals_follow_the_language() -> void:
	TranslationServer.set_locale("de_AT")
	check_equal(LonghallText.of_duration(1), "1 Sekunde", "one")
	check_equal(LonghallText.of_duration(5), "5 Sekunden", "five")
	check_equal(_screen.tr_n("%d new message", "%d new messages", 1), "%d neue Nachricht", "one")


func test_a_language_without_a_table_is_told_in_english() -> void:
	TranslationServer.set_locale("fr")
	_screen.show_denied("busy", "the server's own words")
	check_equal(_status(), "The server is busy, try again in a moment", "the status")


func test_a_game_in_another_language_is_told_in_it_where_it_can() -> void:
	_add_table("fr")
	TranslationServer.set_locale("fr_CA")
	check_equal(LonghallText.of_denial("too_short", "", "username", 3), "Zu kurz!", "the game's")
	check_equal(LonghallText.of_denial("busy"), "The server is busy, try again in a moment", "ours")


func test_switching_the_language_changes_what_is_shown() -> void:
	_screen.show_denied("too_short", "x", "username", 3)
	_screen.set_resuming("ada")
	var log_in: Button = _screen.get_node("%Button_Login")
	var resuming: Label = _screen.get_node("%Label_Resuming")
	TranslationServer.set_locale("de")
	check_equal(_status(), "Der Benutzername braucht mindestens 3 Zeichen", "the status")
	check_equal(log_in.tr(log_in.text), "Anmelden", "the button")
	check_equal(resuming.text, "Anmeldung als ada…", "the login under way")
	TranslationServer.set_locale("en")
	check_equal(_status(), "The username must have at least 3 characters", "the status")
	check_equal(resuming.text, "Logging in as ada…", "the login under way")


func test_the_words_of_the_game_win() -> void:
	for games_locale: String in ["de", "de_DE"]:
		for locale: String in ["de", "de_DE", "de_AT"]:
			for first: bool in [true, false]:
				_forget_tables()
				if first:
					_add_table(games_locale)
				TranslationServer.set_locale("en")
				LonghallText.refresh()
				if not first:
					_add_table(games_locale)
				TranslationServer.set_locale(locale)
				_check_words_of_the_game("table %s, locale %s" % [games_locale, locale])


func test_the_words_come_back_when_the_game_takes_its_own_away() -> void:
	_add_table("de")
	TranslationServer.set_locale("de")
	_forget_tables()
	LonghallText.refresh()
	check_equal(
		LonghallText.of_denial("bad_credentials"), "Benutzername oder Passwort falsch", "ours"
	)


func _check_words_of_the_game(where: String) -> void:
	check_equal(LonghallText.of_denial("bad_credentials"), "Falsch!", where)
	check_equal(LonghallText.of_denial("too_short", "", "username", 3), "Zu kurz!", where)
	check_equal(LonghallText.of_duration(2), "2 Sek.", where)
	check_equal(_screen.tr("Log in"), "Eintreten", where)
	# What it does not say is still ours.
	check_equal(LonghallText.of_disconnect("kicked").left(13), "Ein Moderator", where)
	check_equal(_screen.tr("Register"), "Registrieren", where)


func _add_table(locale: String) -> void:
	var table := Translation.new()
	table.locale = locale
	table.add_message("bad_credentials", "Falsch!")
	table.add_message("too_short", "Zu kurz!")
	table.add_message("Log in", "Eintreten")
	table.add_plural_message("%d second", ["%d Sek.", "%d Sek."])
	TranslationServer.add_translation(table)
	_games_tables.append(table)


func _forget_tables() -> void:
	for table: Translation in _games_tables:
		TranslationServer.remove_translation(table)
	_games_tables.clear()


func _provoke_denials_of_the_server(requests: Array[NetworkRequest]) -> void:
	var own: Array[String] = [
		"not_connected",
		"timed_out",
		"connection_lost",
		"already_pending",
		"too_many_pending",
		"cancelled"
	]
	for code: String in NetworkClient.get_denial_codes():
		if code in own:
			continue
		for seconds: float in [0.0, 12.0]:
			_server.deny_next("login", code, seconds)
			var request: NetworkRequest = await _client.login("ada", PASSWORD).completed
			check_equal(request.code, code, "the code")
			requests.append(request)


func _provoke_denials_of_texts(requests: Array[NetworkRequest]) -> void:
	requests.append(await _client.register("ab", PASSWORD).completed)
	requests.append(await _client.register("a".repeat(21), PASSWORD).completed)
	requests.append(await _client.register("two words", PASSWORD).completed)
	requests.append(await _client.register("ben", "short").completed)
	requests.append(await _client.register("ben", "x".repeat(100)).completed)
	await _client.login("ada", PASSWORD).completed
	requests.append(await _client.send_chat("  ").completed)
	requests.append(await _client.send_chat("x".repeat(501)).completed)
	requests.append(await _client.send_chat("a\u202eb").completed)
	await _client.logout().completed
	var fields: Array[String] = []
	for request: NetworkRequest in requests:
		fields.append("%s:%s %d" % [request.code, request.field, request.limit])
	check_equal(
		fields,
		(
			[
				"too_short:username 3",
				"too_long:username 20",
				"forbidden_character:username 0",
				"too_short:password 8",
				"too_long:password 99",
				"too_short:text 1",
				"too_long:text 500",
				"forbidden_character:text 0",
			]
			as Array[String]
		),
		"the denials"
	)


func _provoke_denials_of_the_node(requests: Array[NetworkRequest]) -> void:
	_client.request_timeout = 1.0
	_server.ignore_next("login")
	requests.append(_client.login("ada", PASSWORD))
	requests.append(_client.login("ada", PASSWORD))
	await _until_completed(requests)
	_server.ignore_next("login")
	requests.append(_client.login("ada", PASSWORD))
	_server.close_in(0.0, "connection_lost")
	await _until_completed(requests)
	requests.append(_client.login("ada", PASSWORD))
	await _until_completed(requests)
	_client.free()
	_client = await _connected_client()
	await _client.login("ada", PASSWORD).completed
	_server.answer_delay = 60.0
	for i: int in 5000:
		requests.append(_client.send_chat("line %d" % i))
	await frames(3)
	_client.free()
	_server.answer_delay = 0.0
	await _until_completed(requests)
	_client = await _connected_client()
	var codes: Dictionary[String, bool] = {}
	for request: NetworkRequest in requests.duplicate():
		if request.ok or codes.has(request.code):
			requests.erase(request)
		codes[request.code] = true


func _until_completed(requests: Array[NetworkRequest]) -> void:
	var done: Callable = func() -> bool:
		return requests.all(func(request: NetworkRequest) -> bool: return request.is_completed)
	await wait_until(done, "all answers")


func _check_told(request: NetworkRequest) -> void:
	check(not request.ok, "a request was not refused")
	_screen.show_denied(
		request.code, request.reason, request.field, request.limit, request.retry_after
	)
	check_equal(_status(), LonghallText.of_request(request), "what is shown of " + request.code)
	_check_shown(request.code, request.code)


# The present status has to change with every language, and have words of its own.
func _check_shown(code: String, what: String) -> void:
	var sentences: Array[String] = []
	for language: String in LANGUAGES:
		TranslationServer.set_locale(language)
		var table: Translation = TranslationServer.get_translation_object(language)
		check(table.get_message(code) != &"", "no %s sentence for %s" % [language, what])
		var sentence: String = _status()
		check(sentence.contains(" ") and not sentence.contains("{"), "%s: %s" % [what, sentence])
		check(not sentence in sentences, "%s is not translated: %s" % [what, sentence])
		sentences.append(sentence)
	TranslationServer.set_locale("en")


func _status() -> String:
	var label: Label = _screen.get_node("%Label_Status")
	return label.text


func _connected_client() -> NetworkClient:
	var client := NetworkClient.new()
	client.fake_server = _server
	await add(client)
	await wait_until(
		func() -> bool: return client.state == NetworkClient.STATE_CONNECTED, "the connection"
	)
	return client
