extends "res://tests/test_case.gd"
## An account is renamed, exported, deleted and kept from within the game.

const PASSWORD: String = "correct horse"

var _server := LonghallFakeServer.new()
var _told: Array[String] = []


func test_everybody_is_told_of_another_name() -> void:
	var ada := await _player("ada")
	var ben := await _player("ben")
	ada.account_renamed.connect(
		func(old_name: String, new_name: String) -> void: _told.append(old_name + " " + new_name)
	)
	ben.player_renamed.connect(
		func(old_name: String, new_name: String) -> void: _told.append(old_name + " > " + new_name)
	)
	var wrong: NetworkRequest = await ada.rename_account("battery staple", "Grace").completed
	check_equal(wrong.code, "bad_credentials", "the code")
	var taken: NetworkRequest = await ada.rename_account(PASSWORD, "BEN").completed
	check_equal(taken.code, "username_taken", "the code")
	var renamed: NetworkRequest = await ada.rename_account(PASSWORD, "Grace").completed
	check(renamed.ok, "not renamed: " + renamed.code)
	await wait_until(func() -> bool: return _told.size() == 2, "both to be told")
	check("ada Grace" in _told and "ada > Grace" in _told, "told is " + str(_told))
	check_equal(ada.username, "Grace", "the name")
	var again: NetworkRequest = await ada.rename_account(PASSWORD, "Hopper").completed
	check_equal(again.code, "rate_limited", "the code")


func test_an_export_is_json_with_what_the_player_said() -> void:
	var ada := await _player("ada")
	await ada.send_chat("Hello!").completed
	var export: NetworkRequest = await ada.export_account().completed
	check(export.ok, "not exported: " + export.code)
	var json: String = export.result
	var data: Dictionary = JSON.parse_string(json)
	var account: Dictionary = data["account"]
	check_equal(account["username"], "ada", "the name")
	var lines: Array = data["lines"]
	check_equal(lines.size(), 1, "the lines")
	var line: Dictionary = lines[0]
	check_equal(line["text"], "Hello!", "the line")


func test_an_account_is_deleted_and_kept_after_all() -> void:
	var ada := await _player("ada")
	ada.logged_out.connect(func(reason: String) -> void: _told.append(reason))
	var deleted: NetworkRequest = await ada.delete_account(PASSWORD).completed
	check(deleted.ok, "not deleted: " + deleted.code)
	await wait_until(func() -> bool: return not _told.is_empty(), "the end of the login")
	check_equal(_told, ["account_deleted"] as Array[String], "the reason")

	var back := await _client()
	await back.login("ada", PASSWORD).completed
	check(back.deletion_at_ms > Time.get_unix_time_from_system() * 1000.0, "it is not told when")
	var kept: NetworkRequest = await back.keep_account().completed
	check(kept.ok, "not kept: " + kept.code)
	check_equal(back.deletion_at_ms, 0, "the end of the account")


func _client() -> NetworkClient:
	var client := NetworkClient.new()
	client.fake_server = _server
	client.connect_automatically = false
	await add(client)
	await client.connect_to_server().completed
	return client


func _player(username: String) -> NetworkClient:
	_server.add_account(username, PASSWORD)
	var client := await _client()
	await client.login(username, PASSWORD).completed
	return client
