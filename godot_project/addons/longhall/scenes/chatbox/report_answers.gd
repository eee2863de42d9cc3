extends RefCounted
## Has the [NetworkClient] do what a [Chatbox] wants with reports, and tells it the answers.

const _TAKEN: String = "The moderators have your report of %s. You hear what comes of it."
const _CLOSED: Dictionary[String, String] = {
	"acted": "The moderators have done something about your report of %s.",
	"dismissed": "The moderators have looked at your report of %s and see nothing to do.",
}

var _chatbox: Chatbox


func _init(chatbox: Chatbox) -> void:
	_chatbox = chatbox


## Shows what waits for [param client], if that is a moderator's.
func show_waiting(client: NetworkClient) -> void:
	var is_player: bool = client.get_server_role() == "player"
	_chatbox.set_reports_waiting(-1 if is_player else client.get_reports_waiting())


## Tells what came of a report of this player's.
func tell_closed(_report: int, username: String, outcome: String, text: String) -> void:
	var words: String = _CLOSED.get(outcome, _CLOSED["dismissed"])
	var sentence: String = tr(words) % username
	_chatbox.show_notice(sentence if text.is_empty() else "%s %s" % [sentence, tr("“%s”") % text])


func report(
	client: NetworkClient, channel: String, seq: int, player: String, category: String, note: String
) -> void:
	var request: NetworkRequest = (
		client.report_line(channel, seq, category, note)
		if seq > 0
		else client.report_player(player, category, note)
	)
	request.completed.connect(_on_report_answered.bind(player), CONNECT_ONE_SHOT)


func list(client: NetworkClient, is_open: bool, before: int) -> void:
	var request: NetworkRequest = client.list_reports(is_open, before)
	request.completed.connect(_on_list_answered.bind(before), CONNECT_ONE_SHOT)


func read(client: NetworkClient, number: int) -> void:
	client.read_report(number).completed.connect(_on_lines_answered.bind(number), CONNECT_ONE_SHOT)


func close(client: NetworkClient, number: int, outcome: String, note: String) -> void:
	client.close_report(number, outcome, note).completed.connect(
		_on_close_answered.bind(number), CONNECT_ONE_SHOT
	)


func _on_report_answered(request: NetworkRequest, player: String) -> void:
	_chatbox.report_answered(_why_not(request))
	if request.ok:
		_chatbox.show_notice(tr(_TAKEN) % player)


func _on_list_answered(request: NetworkRequest, before: int) -> void:
	if request.ok:
		var rows: Array[Dictionary] = request.result
		_chatbox.show_reports(rows, before, request.more)
	else:
		_chatbox.report_close_answered(0, _why_not(request))


func _on_lines_answered(request: NetworkRequest, number: int) -> void:
	if request.ok:
		var lines: Array[Dictionary] = request.result
		_chatbox.show_report_lines(number, lines)
	else:
		_chatbox.report_close_answered(number, _why_not(request))


func _on_close_answered(request: NetworkRequest, number: int) -> void:
	_chatbox.report_close_answered(number, _why_not(request))


func _why_not(request: NetworkRequest) -> String:
	return "" if request.ok else LonghallText.of_request(request)
