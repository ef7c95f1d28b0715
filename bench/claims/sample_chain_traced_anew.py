"""`sample_chain` of TensorFlow Probability in a `tf.function` that is made for each series, and in one."""

# rule: TFM301
# environments: 2.15-tfp 2.21-tfp
import tensorflow as tf
import tensorflow_probability as tfp

start = tf.zeros(3)


def target(state):
    return -0.5 * tf.reduce_sum(state**2)


def sample():
    kernel = tfp.mcmc.HamiltonianMonteCarlo(target, step_size=0.1, num_leapfrog_steps=2)
    return tfp.mcmc.sample_chain(5, current_state=start, kernel=kernel, trace_fn=None, seed=(1, 2))


sample_traced = tf.function(sample)

# flagged
chain = tf.function(sample)()

# fixed
chain = sample_traced()
