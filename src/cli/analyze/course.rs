//! Whether the frames of a dump are a course in time.

use ionscape::trajectory::Frame;

/// Times that differ by less than this share are the same but for rounding.
const SAME_TIME: f64 = 1e-6;

/// Steps and times of frames.
#[derive(Default)]
pub struct Course {
    last: Option<(i64, Option<f64>)>,
    /// Of the first frame that has a time.
    first_time: Option<(i64, f64)>,
    /// Steps between frames, whether they ever differed, and whether any went back.
    step: Option<i64>,
    uneven_steps: bool,
    back: bool,
    /// Whether frames are uneven in time as well, as far as is known.
    uneven: bool,
    /// Time between frames, where the dump has it and it never differed.
    time: Option<f64>,
    is_told: bool,
}

impl Course {
    /// Adds a frame; says why there is no course in time where that has just turned out.
    pub fn add(&mut self, frame: &Frame) -> Option<String> {
        let why = self.look_at(frame).filter(|_| !self.is_told);
        self.is_told |= why.is_some();
        why
    }

    fn look_at(&mut self, frame: &Frame) -> Option<String> {
        let (uneven, back) = (self.uneven, self.back);
        if let Some((timestep, time)) = self.last.replace((frame.timestep, frame.time)) {
            let step = frame.timestep - timestep;
            let between = time.zip(frame.time).map(|(a, b)| b - a);
            if self.step.is_none() {
                self.time = between;
            }
            // Steps may be even and their lengths not, as with fix dt/reset.
            let differs = self.time.zip(between).is_some_and(|(a, b)| (a - b).abs() > SAME_TIME * a.abs());
            self.time = self.time.filter(|_| between.is_some() && !differs);
            self.uneven_steps |= *self.step.get_or_insert(step) != step;
            // Steps of several lengths make even times where LAMMPS dumps after each so much time.
            self.uneven |= self.uneven_steps && !self.time.is_some_and(|time| time > 0.0);
            self.back |= step < 0;
            if self.back && !back {
                return Some(format!(
                    "time goes back, from step {timestep}; give frames in the order of time, each once"
                ));
            }
            if differs && !self.uneven {
                return Some("frames are unevenly spaced in time from here on, by ITEM: TIME".into());
            }
        }
        (self.uneven && !uneven).then(|| "frames are unevenly spaced from here on; dump every so many steps".into())
    }

    /// Refuses a length of steps that the dump's own times contradict.
    pub fn check(&mut self, frame: &Frame, asked: Option<f64>) -> ionscape::Result<()> {
        let Some((asked, time)) = asked.zip(frame.time) else { return Ok(()) };
        let (first, start) = *self.first_time.get_or_insert((frame.timestep, time));
        let written = (time - start) / (frame.timestep - first) as f64;
        // Times that stand still tell nothing.
        if self.back || time <= start || (written - asked).abs() <= SAME_TIME * asked {
            return Ok(());
        }
        let message =
            format!("--timestep says {asked}, and by ITEM: TIME a step takes {written}; leave --timestep out");
        Err(frame.error(None, message))
    }

    /// Between frames, where it is even and known; `timestep` is the length of a step.
    pub fn time(&self, timestep: Option<f64>) -> Option<f64> {
        let step = self.step.filter(|_| !self.uneven && !self.back)?;
        let by_steps = timestep.filter(|_| !self.uneven_steps).map(|dt| dt * step as f64);
        by_steps.or(self.time.filter(|t| *t > 0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of frames at these steps and times, and the time between them.
    fn of(frames: &[(i64, Option<f64>)], timestep: Option<f64>) -> (Vec<String>, Option<f64>) {
        let mut course = Course::default();
        let mut frame = Frame::default();
        let mut add = |&(timestep, time): &(i64, Option<f64>)| {
            (frame.timestep, frame.time) = (timestep, time);
            course.add(&frame)
        };
        let said = frames.iter().filter_map(&mut add).collect();
        (said, course.time(timestep))
    }

    #[test]
    fn frames_are_even_by_their_times_or_else_by_their_steps() {
        let steps = [0, 10, 20, 30].map(|step| (step, None));
        assert_eq!(of(&steps, Some(0.5)), (vec![], Some(5.0)));
        assert_eq!(of(&steps, None), (vec![], None));
        let times = [(0, 0.0), (10, 1.0), (23, 2.0), (30, 3.0)].map(|(step, time)| (step, Some(time)));
        assert_eq!(of(&times, None), (vec![], Some(1.0)));
    }

    #[test]
    fn uneven_frames_are_told_once() {
        let told = |frames: &[(i64, Option<f64>)], expected: &str| {
            let (said, time) = of(frames, None);
            assert!(said.len() == 1 && said[0].contains(expected) && time.is_none(), "{said:?} {time:?}");
        };
        told(&[0, 10, 20, 31, 40].map(|step| (step, None)), "unevenly spaced from here on; dump every so many steps");
        let at = |times: [f64; 4]| {
            [(0, times[0]), (10, times[1]), (20, times[2]), (33, times[3])].map(|(s, t)| (s, Some(t)))
        };
        told(&at([0.0, 1.0, 2.0, 3.3]), "unevenly spaced from here on");
        told(&at([0.0, 0.0, 0.0, 0.0]), "unevenly spaced from here on");
        let even_steps = [(0, 0.0), (10, 1.0), (20, 2.5)].map(|(step, time)| (step, Some(time)));
        told(&even_steps, "unevenly spaced in time from here on, by ITEM: TIME");
        let both = [(0, 0.0), (10, 1.0), (20, 2.5), (31, 3.0)].map(|(step, time)| (step, Some(time)));
        told(&both, "unevenly spaced in time from here on, by ITEM: TIME");
        told(&[0, 10, 5, 15].map(|step| (step, None)), "time goes back, from step 10");
    }
}
