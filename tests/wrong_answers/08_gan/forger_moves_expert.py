"""Your forger's step moves the expert too, to make it blind: ask for G's gradient alone."""
# replaces: play_round
# caught by: the forger's step


def play_round(G, D, for_G, for_D, x, z):
    fake = G(z)
    with tf.GradientTape() as tape:
        loss = discriminator_loss(D(x), D(fake))
    for_D.apply(tape.gradient(loss, D.trainable_variables), D.trainable_variables)
    everything = D.trainable_variables + G.trainable_variables
    with tf.GradientTape() as tape:
        loss = generator_loss(D(G(z)))
    for_G.apply(tape.gradient(loss, everything), everything)
