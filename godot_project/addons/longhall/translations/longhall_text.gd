class_name LonghallText
extends RefCounted
## The sentences players read, in the language of the game.
##
## [codeblock]
## var login: NetworkRequest = await client.login("ada", "correct horse").completed
## if not login.ok:
##     label.text = LonghallText.of_request(login)
## [/codeblock]
## The tables beside this file are Godot's own translation tables, gettext
## [code].po[/code]. The Login and Chatbox scenes add them to the
## [TranslationServer] by [method refresh]; a game that has none of those scenes
## calls it once. To say something in other words, or in another language, a game
## has the same key in a table of its own: that one wins. Keys are the English
## text, or a code such as [code]bad_credentials[/code], perhaps followed by the
## field it is about: [code]too_short:username[/code].

const _TABLES: Array[Translation] = [preload("en.po"), preload("de.po")]

const _SECONDS_PER_MINUTE: int = 60
const _SECONDS_PER_HOUR: int = 3600
## From here on minutes are told, or hours.
const _TELL_MINUTES_FROM: int = 120
const _TELL_HOURS_FROM: int = 7200

const _SANCTIONS: Dictionary[String, String] = {
	"mute": "You may not say anything",
	"kick": "A moderator has logged you out",
	"ban": "You are banned from this server",
}
const _SANCTIONS_IN: Dictionary[String, String] = {
	"mute": "You may not say anything in %s",
	"kick": "A moderator has taken you out of %s",
	"ban": "You are banned from %s",
}

## The same of others, for those who keep order.
const _ON_OTHERS: Dictionary[String, String] = {
	"mute": "%s is muted",
	"kick": "%s is logged out",
	"ban": "%s is banned from this server",
}
const _ON_OTHERS_IN: Dictionary[String, String] = {
	"mute": "%s is muted in %s",
	"kick": "%s is out of %s",
	"ban": "%s is banned from %s",
}
const _LIFTED: Dictionary[String, String] = {
	"mute": "%s may speak again",
	"ban": "%s may come in again",
}
const _LIFTED_IN: Dictionary[String, String] = {
	"mute": "%s may speak in %s again",
	"ban": "%s may join %s again",
}

static var _added: Array[Translation] = []


## Adds the addon's tables, without the keys that a table of the game has. Call it
## again when the game has got another table.
static func refresh() -> void:
	for table: Translation in _added:
		TranslationServer.remove_translation(table)
	_added.clear()
	var games: Array[Translation] = _tables_of_the_game()
	var languages: Array[String] = []
	for table: Translation in _TABLES:
		# A copy, because keys that go now may have to come back.
		var path: String = table.resource_path
		var copy: Translation = ResourceLoader.load(path, "", ResourceLoader.CACHE_MODE_IGNORE)
		languages.append(_language_of(table))
		_give_way(copy, games)
		_added.append(copy)
	for game: Translation in games:
		if not _language_of(game) in languages:
			var more := Translation.new()
			more.locale = _language_of(game)
			languages.append(more.locale)
			_give_way(more, games)
			_added.append(more)
	for table: Translation in _added:
		TranslationServer.add_translation(table)


## Why [param request] was refused; empty if it was not.
static func of_request(request: NetworkRequest) -> String:
	if request.ok or not request.is_completed:
		return ""
	return of_denial(
		request.code, request.reason, request.field, request.limit, request.retry_after
	)


## The sentence for a denial's [param code], as exact as the other values allow;
## [param reason] if no table has the code.
static func of_denial(
	code: String, reason: String = "", field: String = "", limit: int = 0, retry_after: float = 0.0
) -> String:
	var seconds: int = ceili(retry_after)
	for key: String in ["%s:%s" % [code, field], code + ":wait", code]:
		var sentence: String = _translation_of(key)
		var knows_limit: bool = limit > 0 or not sentence.contains("{limit}")
		var names_wait: bool = (
			key.ends_with(":wait") or sentence.contains("{wait}") or sentence.contains("{seconds}")
		)
		if not sentence.is_empty() and knows_limit and (seconds > 0 or not names_wait):
			return sentence.format({limit = limit, seconds = seconds, wait = of_duration(seconds)})
	return code if reason.is_empty() else reason


## The sentence for the end of a connection or session.
static func of_disconnect(reason: String) -> String:
	var sentence: String = _translation_of(reason)
	if sentence.is_empty():
		return TranslationServer.translate("The connection ended (%s)") % reason
	return sentence


## What a sanction keeps from the player, where, until when and why: see
## [signal NetworkClient.sanctioned].
static func of_sanction(sanction: Dictionary) -> String:
	var kind: String = sanction["sanction"]
	var channel: String = sanction["channel"]
	var sentence: String = ""
	if channel.is_empty():
		var words: String = _SANCTIONS.get(kind, _SANCTIONS["mute"])
		sentence = TranslationServer.translate(words)
	else:
		var here: String = _SANCTIONS_IN.get(kind, _SANCTIONS_IN["mute"])
		sentence = TranslationServer.translate(here) % channel
	return _until_and_why(sentence, sanction)


## The same for somebody else: what it keeps from [param player].
static func of_sanction_on(player: String, sanction: Dictionary) -> String:
	var kind: String = sanction["sanction"]
	var channel: String = sanction["channel"]
	var sentence: String = _named(_ON_OTHERS, _ON_OTHERS_IN, kind, player, channel)
	return _until_and_why(sentence, sanction)


## What [param player] may do again, after a mute or a ban was lifted.
static func of_lift_on(player: String, kind: String, channel: String) -> String:
	return _named(_LIFTED, _LIFTED_IN, kind, player, channel)


## "12 seconds", "3 minutes" or "2 hours", rounded up.
static func of_duration(seconds: int) -> String:
	if seconds >= _TELL_HOURS_FROM:
		return _counted("%d hour", "%d hours", ceili(seconds / float(_SECONDS_PER_HOUR)))
	if seconds >= _TELL_MINUTES_FROM:
		return _counted("%d minute", "%d minutes", ceili(seconds / float(_SECONDS_PER_MINUTE)))
	return _counted("%d second", "%d seconds", seconds)


## A time in milliseconds since 1970 (UTC), as the player's clock shows it.
static func of_time(at_ms: int) -> String:
	var bias_minutes: int = Time.get_time_zone_from_system()["bias"]
	@warning_ignore("integer_division")
	var seconds: int = at_ms / 1000 + bias_minutes * _SECONDS_PER_MINUTE
	# Without the seconds.
	return Time.get_datetime_string_from_unix_time(seconds, true).left(-3)


# A sentence of a player, on the whole server or in a channel.
static func _named(
	everywhere: Dictionary[String, String],
	here: Dictionary[String, String],
	kind: String,
	player: String,
	channel: String
) -> String:
	if channel.is_empty():
		return TranslationServer.translate(str(everywhere.get(kind, everywhere["mute"]))) % player
	return TranslationServer.translate(str(here.get(kind, here["mute"]))) % [player, channel]


static func _until_and_why(sentence: String, sanction: Dictionary) -> String:
	var until_ms: int = sanction["until_ms"]
	if until_ms > 0:
		var end: String = TranslationServer.translate("until %s")
		sentence += " " + end % of_time(until_ms)
	var reason: String = sanction["reason"]
	return sentence if reason.is_empty() else sentence + ": " + reason


static func _counted(one: String, many: String, count: int) -> String:
	return TranslationServer.translate_plural(one, many, count) % count


static func _translation_of(key: String) -> String:
	var found: String = TranslationServer.translate(key)
	return "" if found == key else found


# Takes the keys out of a table of ours that a table of the game has. Where it has
# only the code of a finer sentence, that stands for the finer one too.
static func _give_way(table: Translation, games: Array[Translation]) -> void:
	for game: Translation in games:
		if _language_of(game) != _language_of(table):
			continue
		for key: String in _TABLES[0].get_message_list():
			var code: String = key if key.contains(" ") else key.get_slice(":", 0)
			if not game.get_message(key).is_empty():
				table.erase_message(key)
			elif not game.get_message(code).is_empty():
				table.erase_message(key)
				table.add_message(key, game.get_message(code))


# All of them, as far as the engine tells. Ours are not added just now.
static func _tables_of_the_game() -> Array[Translation]:
	var all: Array[Translation] = []
	if TranslationServer.has_method(&"get_translations"):
		var known: Array[Translation] = TranslationServer.call(&"get_translations")
		all.assign(known)
		return all
	# Before Godot 4.6 these are those of the project and that of the present language.
	var paths: PackedStringArray = ProjectSettings.get_setting(
		"internationalization/locale/translations", PackedStringArray()
	)
	for path: String in paths:
		all.append(load(path) as Translation)
	all.append(TranslationServer.get_translation_object(TranslationServer.get_locale()))
	return all.filter(func(table: Translation) -> bool: return table != null)


static func _language_of(table: Translation) -> String:
	return table.locale.get_slice("_", 0)
