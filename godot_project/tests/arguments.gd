extends RefCounted
## What stands after [code]--[/code] on the command line, as [code]--name=value[/code].

## Where the game server is: [code]ws://127.0.0.1:8081[/code]; empty if not given.
var server: String = value_of("server", value_of("url", ""))

## Where the server can be stopped and started, see [code]server_control.gd[/code];
## empty if not given.
var control: String = value_of("control", "")


## The value of [code]--name=value[/code], else [param otherwise].
static func value_of(name: String, otherwise: String) -> String:
	var start: String = "--%s=" % name
	for argument: String in OS.get_cmdline_user_args():
		if argument.begins_with(start):
			return argument.trim_prefix(start)
	return otherwise
