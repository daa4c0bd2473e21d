"""Your expert's step moves the forger too, to make it worse: ask for D's gradient alone."""
# replaces: play_round
# caught by: the expert's step


def play_round(G, D, for_G, for_D, x, z):
    everything = D.trainable_variables + G.trainable_variables
    with tf.GradientTape() as tape:
        loss = discriminator_loss(D(x), D(G(z)))
    for_D.apply(tape.gradient(loss, everything), everything)
    with tf.GradientTape() as tape:
        loss = generator_loss(D(G(z)))
    for_G.apply(tape.gradient(loss, G.trainable_variables), G.trainable_variables)
