"""The portal of enterprises: how my matter stands, what I must do until when, what I was sent. (J4.2)"""
