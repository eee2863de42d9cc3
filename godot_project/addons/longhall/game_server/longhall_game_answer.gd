class_name LonghallGameAnswer
extends RefCounted
## What a [LonghallGameServer] was answered.

## Whether it was done.
var ok: bool = false
## The status of HTTP; 0 when no answer came.
var status: int = 0
## Why not, for programs: [code]"unknown_user"[/code], [code]"missing_scope"[/code],
## [code]"rate_limited"[/code]… [code]"unreachable"[/code] when no answer came. Empty when
## [member ok]. docs/game-servers.md of Longhall has a list.
var code: String = ""
## The same as an English sentence, for the log.
var reason: String = ""
## Seconds to wait before the next try; 0 when nothing is said of it.
var retry_after: int = 0
## What the server said, as JSON had it, with whole numbers as [int].
var result: Dictionary = {}
## The players of [method LonghallGameServer.online_players]; empty for other calls.
var players: Array[Dictionary] = []
