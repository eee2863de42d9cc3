class_name Arena
extends Node2D
## A match: who plays and where they are. The server moves them, and each screen shows them.

## The server says which channel is the match's, and the code that leads into it.
signal followed(channel: String, code: String)
## The server lets this player go, and says why.
signal sent_home(why: String)

const SPEED: float = 240.0
const FIELD := Rect2(32.0, 140.0, 1088.0, 356.0)
const GROUND := Color("#2b4a38")
const AVATAR: Script = preload("avatar.gd")

## On the server: whom a peer plays, and where they are and go, by their names.
var names: Dictionary[int, String] = {}
var places: Dictionary[String, Vector2] = {}
var directions: Dictionary[String, Vector2] = {}


func _draw() -> void:
	draw_rect(FIELD.grow(AVATAR.RADIUS), GROUND)


## On the server: time goes by.
func advance(delta: float) -> void:
	for player: String in places:
		var place: Vector2 = places[player] + directions[player] * SPEED * delta
		places[player] = place.clamp(FIELD.position, FIELD.end)
	show_players.rpc(places)


## On the server: somebody has come.
func enter(peer: int, player: String) -> void:
	names[peer] = player
	places[player] = FIELD.get_center() + Vector2(randf_range(-200.0, 200.0), 0.0)
	directions[player] = Vector2.ZERO


## On the server: somebody has gone. False if they were not in.
func leave(peer: int) -> bool:
	if not names.has(peer):
		return false
	places.erase(names[peer])
	directions.erase(names[peer])
	return names.erase(peer)


## A player's game says where the player wants to go: it is a stranger's word.
@rpc("any_peer", "unreliable_ordered")
func steer(direction: Vector2) -> void:
	var peer: int = multiplayer.get_remote_sender_id()
	if names.has(peer) and direction.is_finite():
		directions[names[peer]] = direction.limit_length()


## The server says where everybody is.
@rpc("authority", "unreliable_ordered")
func show_players(at: Dictionary) -> void:
	for player: String in at:
		var avatar: Node2D = get_node_or_null(player.uri_encode())
		if avatar == null:
			avatar = AVATAR.new(player)
			add_child(avatar)
		avatar.position = at[player]
	for avatar: Node in get_children():
		if not at.has(avatar.name.uri_decode()):
			avatar.queue_free()


## The server says where the match's chat is.
@rpc("authority", "reliable")
func follow(channel: String, code: String) -> void:
	followed.emit(channel, code)


## The server lets the player go.
@rpc("authority", "reliable")
func send_home(why: String) -> void:
	sent_home.emit(why)


## Nobody is seen any more.
func clear() -> void:
	for avatar: Node in get_children():
		avatar.queue_free()
