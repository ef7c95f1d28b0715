import tensorflow as tf


async def serve(queue):
    async with queue as queue:
        async for path in queue:
            [await tf.keras.models.load_model(p) async for p in path]
            model = await tf.keras.models.load_model(path)
            yield model.predict(await queue)
