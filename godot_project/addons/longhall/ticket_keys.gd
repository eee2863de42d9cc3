class_name LonghallTicketKeys
extends Node
## The public keys that tickets are checked with: fetched from a Longhall server and kept up to
## date.
##
## Put it into the scene of your game's own server and set [member url]; [member text] is what
## [method LonghallTicket.verify] wants. A ticket that is signed with a key not known yet is
## checked once more after [method fetch].

## The keys were read, and may be others than before.
signal fetched
## They could not be read; those of before stay. [param reason] is English, and for your log.
signal failed(reason: String)

## Fetched again no sooner, in seconds, whoever asks: strangers can show what names any key.
const AT_MOST_EVERY: float = 60.0

## Seconds that an answer may take.
const PATIENCE: float = 10.0
## An answer with more bytes than this is none.
const MAX_BYTES: int = 65536

## Where the server tells its keys: [code]https://chat.example/keys[/code].
@export var url: String = ""
## Seconds after which they are fetched again. The next key is told an hour before it signs.
@export_range(60.0, 3600.0, 1.0, "suffix:s") var fetch_every: float = 900.0

## The keys as a JWK Set. May be set as well, to begin with some.
var text: String = ""

var _request := HTTPRequest.new()
var _timer := Timer.new()
var _asked_at_ms: int = -1


func _ready() -> void:
	_request.timeout = PATIENCE
	_request.body_size_limit = MAX_BYTES
	_request.max_redirects = 0
	_request.request_completed.connect(_on_request_completed)
	add_child(_request)
	_timer.timeout.connect(fetch)
	add_child(_timer)
	if not url.is_empty():
		fetch()
		_timer.start(fetch_every)


## Fetches the keys, unless that was done in the last minute or is being done. Ends in
## [signal fetched] or [signal failed]. Says whether it began.
func fetch() -> bool:
	if not may_fetch():
		return false
	_asked_at_ms = Time.get_ticks_msec()
	if _request.request(url) != OK:
		_fail('"%s" is no address' % url)
		return false
	return true


## Whether the keys were not asked for in the last minute.
func may_fetch() -> bool:
	if _request.get_http_client_status() != HTTPClient.STATUS_DISCONNECTED:
		return false
	var ago: float = (Time.get_ticks_msec() - _asked_at_ms) / 1000.0
	return _asked_at_ms < 0 or ago >= AT_MOST_EVERY


func _on_request_completed(
	result: int, status: int, _headers: PackedStringArray, body: PackedByteArray
) -> void:
	if result != HTTPRequest.RESULT_SUCCESS:
		_fail("no answer from %s (%d)" % [url, result])
	elif status != HTTPClient.RESPONSE_OK:
		_fail("%s answers %d" % [url, status])
	else:
		var told: String = body.get_string_from_utf8()
		var json := JSON.new()
		var parsed: Dictionary = {}
		if json.parse(told) == OK and json.data is Dictionary:
			parsed = json.data
		if parsed.get("keys") is Array:
			text = told
			fetched.emit()
		else:
			_fail("%s tells no keys" % url)


func _fail(reason: String) -> void:
	failed.emit(reason)
