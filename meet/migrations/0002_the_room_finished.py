from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("meet", "0001_initial")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="connection",
            name="sharing",
            field=models.BooleanField(default=False, help_text="It shares the sound of a tab or of its computer."),
        ),
        migrations.AddField(
            model_name="participant",
            name="shared_by",
            field=models.OneToOneField(
                blank=True,
                help_text="Set where this is no person, but the sound of a tab or a computer that somebody shares.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="shared_sound",
                to="meet.participant",
                verbose_name="shared by",
            ),
        ),
        migrations.AddField(
            model_name="meeting",
            name="recording_seq",
            field=models.PositiveBigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="meeting",
            name="recording_made_of",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name="meeting",
            name="recording_lease_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="room",
            name="listed",
            field=models.BooleanField(
                default=False, help_text="Whoever opens the start page can find it.", verbose_name="listed"
            ),
        ),
        migrations.AddField(
            model_name="room",
            name="languages",
            field=models.JSONField(
                blank=True, default=list, help_text="None: every language.", verbose_name="spoken languages"
            ),
        ),
        migrations.AlterField(
            model_name="participant",
            name="name",
            field=models.CharField(
                help_text="No two people of one meeting have the same.", max_length=50, verbose_name="name"
            ),
        ),
        migrations.AddField(
            model_name="participant",
            name="left_at",
            field=models.DateTimeField(
                blank=True, help_text="Until they join again.", null=True, verbose_name="left at"
            ),
        ),
        migrations.CreateModel(
            name="Voice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("until", models.DateTimeField()),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="voices", to="meet.connection"
                    ),
                ),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="voices", to="meet.participant"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["connection", "participant"], name="one_voice_a_speaker_and_socket"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Erasure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.CharField(choices=[("media", "Media"), ("parts", "Parts")], max_length=5)),
                ("path", models.CharField(help_text="Below its place.", max_length=255)),
                ("until", models.DateTimeField(help_text="Till then somebody may still write what they began before.")),
            ],
        ),
        migrations.AddField(
            model_name="caption",
            name="apart",
            field=models.BooleanField(
                default=False, help_text="Somebody unfolded it: so it stays.", verbose_name="kept apart"
            ),
        ),
        migrations.AddField(
            model_name="caption",
            name="folded_into",
            field=models.ForeignKey(
                blank=True,
                help_text="The line that is the same voice, through a nearer microphone.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="copies",
                to="meet.caption",
                verbose_name="folded into",
            ),
        ),
        # what was captioned before this is not looked through: its lines stay as they were read
        migrations.AddField(
            model_name="clip",
            name="compared",
            field=models.BooleanField(
                default=True, help_text="Looked at for the same voice through another microphone."
            ),
        ),
        migrations.AlterField(
            model_name="clip",
            name="compared",
            field=models.BooleanField(
                default=False, help_text="Looked at for the same voice through another microphone."
            ),
        ),
        migrations.AddField(
            model_name="clip",
            name="withdrawn_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="withdrawn at"),
        ),
        migrations.AlterField(
            model_name="clip",
            name="state",
            field=models.CharField(
                choices=[
                    ("receiving", "receiving"),
                    ("received", "received"),
                    ("captioned", "captioned"),
                    ("silent", "silent"),
                    ("failed", "failed"),
                    ("withdrawn", "withdrawn"),
                ],
                default="receiving",
                max_length=10,
                verbose_name="state",
            ),
        ),
        migrations.AddIndex(
            model_name="clip",
            index=models.Index(
                condition=models.Q(("compared", False), ("state", "captioned")),
                fields=["meeting"],
                name="clips_to_compare",
            ),
        ),
        migrations.AddIndex(
            model_name="clip",
            index=models.Index(fields=["meeting", "state", "started_at"], name="clips_by_state"),
        ),
    ]
