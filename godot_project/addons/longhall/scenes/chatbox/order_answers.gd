extends RefCounted
## Has the [NetworkClient] do what a [Chatbox] wants done to keep order, and tells it the
## answers.

var _chatbox: Chatbox


func _init(chatbox: Chatbox) -> void:
	_chatbox = chatbox


func sanction(
	client: NetworkClient,
	player: String,
	kind: String,
	channel: String,
	seconds: int,
	reason: String
) -> void:
	var request: NetworkRequest
	match kind:
		"kick":
			request = client.kick_player(player, reason, channel)
		"ban":
			request = client.ban_player(player, seconds, reason, channel)
		_:
			request = client.mute_player(player, seconds, reason, channel)
	request.completed.connect(_on_sanction_answered.bind(player), CONNECT_ONE_SHOT)


func lift(client: NetworkClient, player: String, kind: String, channel: String) -> void:
	var request: NetworkRequest = (
		client.unban_player(player, channel)
		if kind == "ban"
		else client.unmute_player(player, channel)
	)
	request.completed.connect(_on_lift_answered.bind(player, kind, channel), CONNECT_ONE_SHOT)


func delete_lines(client: NetworkClient, player: String, channel: String, seconds: int) -> void:
	client.delete_lines(player, channel, seconds).completed.connect(
		_on_deletion_answered.bind(player), CONNECT_ONE_SHOT
	)


func list(client: NetworkClient, player: String) -> void:
	client.list_sanctions(player).completed.connect(
		_on_list_answered.bind(player), CONNECT_ONE_SHOT
	)


func _on_sanction_answered(request: NetworkRequest, player: String) -> void:
	_settle(request)
	if request.ok:
		var set_on_them: Dictionary = request.result
		_chatbox.add_sanction(player, set_on_them)
		_chatbox.show_notice(LonghallText.of_sanction_on(player, set_on_them))


func _on_lift_answered(
	request: NetworkRequest, player: String, kind: String, channel: String
) -> void:
	_settle(request)
	if request.ok:
		_chatbox.remove_sanction(player, kind, channel)
		_chatbox.show_notice(LonghallText.of_lift_on(player, kind, channel))


func _on_deletion_answered(request: NetworkRequest, player: String) -> void:
	_settle(request)
	if not request.ok:
		return
	var deleted: Dictionary = request.result
	var count: int = deleted["count"]
	var sentence: String = tr_n(
		"%d message of %s is deleted", "%d messages of %s are deleted", count
	)
	sentence = sentence % [count, player]
	if deleted["more"]:
		sentence += ". " + tr("There are more: delete once again")
	_chatbox.show_notice(sentence)


func _on_list_answered(request: NetworkRequest, player: String) -> void:
	if not request.ok:
		return
	var standing: Array[Dictionary] = []
	var past: Array[Dictionary] = request.result
	for one: Dictionary in past:
		if one["holds"]:
			standing.append(one)
	_chatbox.set_sanctions(player, standing)


func _settle(request: NetworkRequest) -> void:
	_chatbox.sanction_answered("" if request.ok else LonghallText.of_request(request))
