"""Your expert sees products twice and never the data: its loss takes D(x) and D(G(z))."""
# replaces: play_round
# caught by: the expert's step


def play_round(G, D, for_G, for_D, x, z):
    fake = G(z)
    with tf.GradientTape() as tape:
        loss = discriminator_loss(D(fake), D(fake))
    for_D.apply(tape.gradient(loss, D.trainable_variables), D.trainable_variables)
    with tf.GradientTape() as tape:
        loss = generator_loss(D(G(z)))
    for_G.apply(tape.gradient(loss, G.trainable_variables), G.trainable_variables)
