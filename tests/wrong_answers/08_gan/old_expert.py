"""Your forger learns from the expert of before its step: record G's tape after D has moved."""
# replaces: play_round
# caught by: a whole round


def play_round(G, D, for_G, for_D, x, z):
    with tf.GradientTape(persistent=True) as tape:
        fake = D(G(z))
        loss_D = discriminator_loss(D(x), fake)
        loss_G = generator_loss(fake)
    gradients_G = tape.gradient(loss_G, G.trainable_variables)
    for_D.apply(tape.gradient(loss_D, D.trainable_variables), D.trainable_variables)
    for_G.apply(gradients_G, G.trainable_variables)
