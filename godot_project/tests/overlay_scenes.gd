extends RefCounted
## Two small games to look at an overlay in: a meadow in two dimensions and a hall in three,
## each with avatars that have a bubble.

const _TREE := Color("#2f6b3a")

const _SKY := Color("#9ad1f0")
const _GRASS := Color("#6fb04f")
const _PATH := Color("#e7d9a8")


## A meadow seen from above, with bright and dark places, in pixels of [param size].
static func meadow(size: Vector2) -> Node2D:
	var scene := Node2D.new()
	scene.add_child(_area(Rect2(Vector2.ZERO, size), _GRASS))
	scene.add_child(_area(Rect2(0.0, 0.0, size.x, size.y * 0.28), _SKY))
	scene.add_child(_area(Rect2(0.0, size.y * 0.72, size.x, size.y * 0.14), _PATH))
	for i: int in 14:
		var at := Vector2(fmod(i * 173.0 + 40.0, size.x), size.y * (0.3 + fmod(i * 0.37, 0.4)))
		scene.add_child(_disc(at, 26.0 + (i % 3) * 10.0, _TREE.lightened((i % 4) * 0.08)))
	return scene


## Somebody on the meadow, at [param at].
static func walker(at: Vector2, color: Color) -> Node2D:
	var avatar := Node2D.new()
	avatar.position = at
	avatar.add_child(_disc(Vector2(0.0, -12.0), 20.0, color))
	avatar.add_child(_disc(Vector2(0.0, -42.0), 14.0, Color("#f0c8a0")))
	return avatar


## A hall with pillars and a fire, and a camera in it.
static func hall() -> Node3D:
	var scene := Node3D.new()
	var world := WorldEnvironment.new()
	world.environment = Environment.new()
	world.environment.background_mode = Environment.BG_COLOR
	world.environment.background_color = Color("#cfe3f2")
	world.environment.ambient_light_source = Environment.AMBIENT_SOURCE_COLOR
	world.environment.ambient_light_color = Color("#8d93a8")
	scene.add_child(world)
	var sun := DirectionalLight3D.new()
	sun.rotation_degrees = Vector3(-50.0, -40.0, 0.0)
	scene.add_child(sun)
	scene.add_child(_block(Vector3(0.0, -0.5, 0.0), Vector3(30.0, 1.0, 30.0), Color("#7a6a55")))
	scene.add_child(_block(Vector3(0.0, 3.0, -9.0), Vector3(30.0, 7.0, 0.5), Color("#59483a")))
	for x: float in [-6.0, -2.0, 2.0, 6.0]:
		scene.add_child(_block(Vector3(x, 2.5, -6.0), Vector3(0.7, 5.0, 0.7), Color("#f3efe6")))
	scene.add_child(_block(Vector3(0.0, 0.3, -4.0), Vector3(2.0, 0.6, 2.0), Color("#ffb347")))
	var camera := Camera3D.new()
	camera.position = Vector3(0.0, 2.2, 5.0)
	camera.rotation_degrees = Vector3(-8.0, 0.0, 0.0)
	scene.add_child(camera)
	return scene


## Somebody in the hall, at [param at].
static func guest(at: Vector3, color: Color) -> Node3D:
	var avatar := Node3D.new()
	avatar.position = at
	avatar.add_child(_block(Vector3(0.0, 0.7, 0.0), Vector3(0.7, 1.4, 0.5), color))
	avatar.add_child(_block(Vector3(0.0, 1.65, 0.0), Vector3(0.45, 0.45, 0.45), Color("#f0c8a0")))
	return avatar


static func _area(area: Rect2, color: Color) -> Polygon2D:
	var polygon := Polygon2D.new()
	polygon.polygon = [
		area.position,
		Vector2(area.end.x, area.position.y),
		area.end,
		Vector2(area.position.x, area.end.y),
	]
	polygon.color = color
	return polygon


static func _disc(at: Vector2, radius: float, color: Color) -> Polygon2D:
	var points: PackedVector2Array = []
	for i: int in 24:
		points.append(at + Vector2.from_angle(TAU * i / 24.0) * radius)
	var polygon := Polygon2D.new()
	polygon.polygon = points
	polygon.color = color
	return polygon


static func _block(at: Vector3, size: Vector3, color: Color) -> MeshInstance3D:
	var mesh := BoxMesh.new()
	mesh.size = size
	var material := StandardMaterial3D.new()
	material.albedo_color = color
	mesh.material = material
	var block := MeshInstance3D.new()
	block.mesh = mesh
	block.position = at
	return block
