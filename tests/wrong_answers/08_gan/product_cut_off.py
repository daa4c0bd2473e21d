"""Your forger gets no gradient, for G(z) lies outside its tape or is stopped: call it inside."""
# replaces: play_round
# caught by: the forger's step


def play_round(G, D, for_G, for_D, x, z):
    fake = G(z)
    with tf.GradientTape() as tape:
        loss = discriminator_loss(D(x), D(fake))
    for_D.apply(tape.gradient(loss, D.trainable_variables), D.trainable_variables)
    with tf.GradientTape() as tape:
        loss = generator_loss(D(fake))
    for_G.apply(tape.gradient(loss, G.trainable_variables), G.trainable_variables)
