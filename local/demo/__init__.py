"""The main job, rehearsed on the local cloud: publish images, and scaling groups roll onto them."""
