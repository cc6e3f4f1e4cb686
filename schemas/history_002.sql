-- Step 2 of a history: what it holds is written down beside it, so that a block that was removed is
-- missed. Blocks of the number 0x102, one for each time block and 256 groups of 256 lanes, have a row
-- for each group and a lane for presence and each metric: 1 where there is such a block
-- (src/store/history_rows.h). A history of step 1 lacks them, and is read as before.

PRAGMA user_version = 2;
