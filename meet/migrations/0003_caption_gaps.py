from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("meet", "0002_the_room_finished")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="caption",
            name="gaps",
            field=models.JSONField(
                blank=True,
                default=list,
                help_text="Lists of start and end, milliseconds from the caption's start.",
                verbose_name="speech without words",
            ),
        ),
    ]
